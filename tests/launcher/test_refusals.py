"""The script `yitong` where it cannot go on: one sentence that says what to do."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.launcher.copies import PYTHON, Copy, sentence, write


def _python(copy: Copy, name: str, before: str) -> None:
    """Put a Python under that name on the PATH that runs the lines `before` ahead of every `-I -c CODE`."""
    write(
        copy.programs / name,
        f'#!/bin/sh\nexec \'{PYTHON}\' -I -c "import sys; {before}; exec(sys.argv[1])" "$3"\n',
        executable=True,
    )


def test_without_a_python_that_fits_it_says_which_are_needed(copy: Copy) -> None:
    (copy.programs / "python3").unlink()
    wanted = "no Python from 3.11 to 3.13 was found; install one, or name it in YITONG_PYTHON."
    assert sentence(copy.run("serve")) == wanted
    _python(copy, "python3", "sys.version_info = (3, 10, 9)")
    assert sentence(copy.run("serve")) == wanted
    _python(copy, "python3", "sys.version_info = (3, 14, 0)")
    assert sentence(copy.run("serve")) == wanted
    assert copy.calls() == []


def test_without_the_module_venv_it_names_the_package(copy: Copy) -> None:
    (copy.programs / "python3").unlink()
    _python(copy, "python3.12", "sys.modules['ensurepip'] = None")
    assert "the package python3-venv" in sentence(copy.run("serve"))


def test_the_python_asked_for_is_the_one_used(installed: Copy) -> None:
    assert sentence(installed.run("serve", YITONG_PYTHON="sh")) == (
        "YITONG_PYTHON says sh, which is not a Python from 3.11 to 3.13."
    )
    # The same interpreter by another name: nothing to make anew.
    assert installed.run("serve", YITONG_PYTHON=PYTHON).returncode == 0
    assert not any(call.startswith("uv venv") for call in installed.calls())
    assert installed.run("serve", YITONG_PYTHON=PYTHON).stderr == ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("error: client error (Connect): dns error", "no connection to the package index"),
        ("error: No space left on device (os error 28)", "the disk is full"),
        ("error: Hash mismatch for `six==1.17.0`", "a package is not the one that the lock file names"),
        ("error: Permission denied (os error 13)", "permission denied"),
        ("Traceback (most recent call last)", "Run the same command again"),
    ],
)
def test_a_failed_installation_is_one_sentence_and_a_log(copy: Copy, said: str, reason: str) -> None:
    failure = sentence(copy.run("serve", UV_SAYS=said))
    assert failure.startswith("the environment could not be made")
    assert reason in failure
    log = copy.root / ".uv" / "install.log"
    assert str(log) in failure
    assert said in log.read_text()
    assert copy.run("serve").returncode == 0


def test_an_incomplete_copy_says_so(installed: Copy) -> None:
    (installed.root / "package-lock.json").unlink()
    assert "is not a complete copy" in sentence(installed.run("serve"))


@pytest.fixture
def read_only() -> Iterator[Copy]:
    """A copy whose files belong to no one who runs it: the tests may run as root, whom no permission stops."""
    folder = Path(mkdtemp(prefix="yitong read-only "))
    try:
        folder.chmod(0o755)
        yield Copy(folder)
    finally:
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(stat.S_IRWXU)
        shutil.rmtree(folder)


def _run_as_another(copy: Copy, *arguments: str) -> subprocess.CompletedProcess[str]:
    for path in [copy.root, *copy.root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run(
        [copy.script, *arguments], cwd="/", env=copy.environment, capture_output=True, text=True, **nobody
    )


def test_a_folder_that_cannot_be_written_to_must_be_installed_first(read_only: Copy) -> None:
    shutil.rmtree(read_only.root / ".uv")
    assert sentence(_run_as_another(read_only, "serve")) == (
        f"the environment must be made first, but {read_only.root} cannot be written to; run this once as its owner."
    )


def test_an_installed_folder_needs_no_writing(read_only: Copy) -> None:
    assert read_only.run("doctor").returncode == 0
    # Whoever runs the tests may keep their Python where no one else can reach it.
    python = read_only.root / ".venv" / "bin" / "python"
    python.unlink()
    write(python, '#!/bin/sh\necho "$@"\n', executable=True)
    run = _run_as_another(read_only, "figures", "--from", "2026-01-01")
    assert (run.stdout, run.stderr) == ("-P -m admin figures --from 2026-01-01\n", "")

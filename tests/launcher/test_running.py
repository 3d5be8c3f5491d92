"""The script `yitong`, run for real: what it installs, and what it hands on."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.launcher.copies import CHECK, PYTHON, Copy, sentence, write


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


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Rasa wants Python 3.10 or 3.11")
def test_rasa_is_installed_into_an_environment_of_its_own_once(installed: Copy) -> None:
    write(installed.root / "requirements-rasa.lock", "rasa==3.6.21\n")
    first = installed.run("rasa", "install", YITONG_RASA_PYTHON=PYTHON)
    assert json.loads(first.stdout)["arguments"] == ["rasa", "install"]
    made, filled = installed.calls()
    assert made.startswith("uv venv ") and made.endswith(" .rasa")
    assert filled.endswith("--no-deps --require-hashes -r requirements-rasa.lock")
    assert installed.run("rasa", "install").stderr == "" and installed.calls() == []
    installed.edit("requirements-rasa.lock")
    installed.run("rasa", "install", YITONG_RASA_PYTHON=PYTHON)
    assert len(installed.calls()) == 2


def test_rasa_is_not_installed_on_a_python_that_it_cannot_run_on(installed: Copy) -> None:
    write(installed.root / "requirements-rasa.lock", "rasa==3.6.21\n")
    refused = installed.run("rasa", "install", YITONG_RASA_PYTHON="/nowhere/python")
    assert sentence(refused).startswith("Rasa wants Python 3.10 or 3.11") and installed.calls() == []


def test_no_other_command_installs_rasa(installed: Copy) -> None:
    installed.run("rasa", "start")
    assert installed.calls() == []

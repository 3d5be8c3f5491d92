"""The script `yitong`, interrupted, killed and started twice: what is half made is made good."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from select import select

import pytest

from tests.launcher.copies import PATIENCE, Copy, write


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

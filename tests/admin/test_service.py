"""What an operator reads when the line cannot start: one sentence, exit 1, nothing on standard output."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT


def yitong(*arguments: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YITONG_")}
    return subprocess.run(
        [sys.executable, "-m", "admin", "--data", str(data), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment | {"PYTHONPATH": str(ROOT), **settings},
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], words: str, status: int = 1) -> None:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = yitong("serve", "--port", str(taken.getsockname()[1]), data=tmp_path)
    assert_one_sentence(done, "in use; stop the program that holds it, or choose another with --port")


def test_a_broken_data_folder(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "rubbish").write_text("x")
    assert_one_sentence(yitong("serve", "--port", "0", data=tmp_path), "restore your backup")


def test_no_database(tmp_path: Path) -> None:
    done = yitong("web", "--port", "0", data=tmp_path, YITONG_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert_one_sentence(done, "YITONG_DATABASE_URL")


def test_a_city_folder_that_is_not_there(tmp_path: Path) -> None:
    done = yitong("serve", "--port", "0", data=tmp_path, YITONG_CITY=str(tmp_path / "nowhere"))
    assert_one_sentence(done, "city.yaml is missing", status=2)


@pytest.mark.parametrize(
    ("name", "value"), [("YITONG_PORT", "many"), ("YITONG_DIALOGUE", "oracle"), ("YITONG_LOCALE", "fr")]
)
def test_a_setting_that_makes_no_sense(tmp_path: Path, name: str, value: str) -> None:
    assert_one_sentence(yitong("settings", data=tmp_path, **{name: value}), name, status=2)

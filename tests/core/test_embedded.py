import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from core import embedded
from core.errors import Unavailable


def test_a_broken_data_folder_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "leftover").write_text("x")
    with pytest.raises(Unavailable, match="not a PostgreSQL data folder"):
        embedded.start(tmp_path)


def test_a_file_in_the_way_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable, match="choose another with --data"):
        embedded.start(tmp_path / "file")


def test_a_full_disk_is_named_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, 0))
    with pytest.raises(Unavailable, match="full"):
        embedded.start(tmp_path)
    assert not (tmp_path / "postgresql").exists()


@pytest.mark.parametrize("name", ["a b", "n" * 120])
def test_the_socket_goes_where_the_kernel_can_name_it(tmp_path: Path, name: str) -> None:
    folder = embedded._socket_folder(tmp_path / name, tmp_path)
    assert " " not in str(folder)
    assert len(os.fsencode(folder)) <= embedded.LONGEST_SOCKET_FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()


def test_the_lock_lies_beside_the_data_and_in_nobody_elses_way(data_folder: Path) -> None:
    from core import database

    database.url()
    assert (data_folder / "postgresql.lock").exists()


def test_killed_processes_do_not_keep_the_server_alive(tmp_path: Path) -> None:
    users = tmp_path / ".handle_pids.json"
    users.write_text(f"[{os.getpid()}, 4194304]")
    embedded._forget_dead_processes(tmp_path)
    assert users.read_text() == f"[{os.getpid()}]"
    users.write_text("garbage")
    embedded._forget_dead_processes(tmp_path)
    assert not users.exists()

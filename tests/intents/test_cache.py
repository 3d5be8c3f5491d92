import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.settings import settings
from core.text.encode import HashingEncoder
from intents import cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "data", tmp_path)
    return tmp_path / "cache"


def _make(value: float, calls: list[float]) -> Any:
    def make() -> cache.Arrays:
        calls.append(value)
        return {"a": np.array([value])}

    return make


def test_what_is_stored_is_not_made_again(folder: Path) -> None:
    calls: list[float] = []
    key = cache.digest("x")
    first = cache.arrays("thing", key, _make(1, calls), needs=["a"])
    second = cache.arrays("thing", key, _make(2, calls), needs=["a"])
    assert calls == [1]
    assert first["a"] == second["a"] == 1
    assert [path.name for path in folder.iterdir()] == [f"thing-{key}.npz"]


def test_something_made_from_something_else_has_its_own_file(folder: Path) -> None:
    calls: list[float] = []
    for part in ("x", "y"):
        cache.arrays("thing", cache.digest(part), _make(1, calls), needs=["a"])
    assert len(calls) == 2
    assert cache.digest("x", ["y"]) == cache.digest("x", ["y"]) != cache.digest("x", "y")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04broken", None])
def test_a_broken_file_is_made_anew(folder: Path, content: bytes | None) -> None:
    calls: list[float] = []
    cache.arrays("thing", "key", _make(1, calls), needs=["a"])
    path = folder / "thing-key.npz"
    path.write_bytes(path.read_bytes()[:60] if content is None else content)
    assert cache.arrays("thing", "key", _make(2, calls), needs=["a"])["a"] == 2
    assert cache.arrays("thing", "key", _make(3, calls), needs=["a"])["a"] == 2
    assert calls == [1, 2]


def test_a_file_that_lacks_an_array_is_made_anew(folder: Path) -> None:
    calls: list[float] = []
    cache.arrays("thing", "key", lambda: {"b": np.zeros(1)}, needs=["b"])
    assert cache.arrays("thing", "key", _make(2, calls), needs=["a"])["a"] == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(settings(), "data", tmp_path / "file")
    assert cache.arrays("thing", "key", lambda: {"a": np.ones(1)}, needs=["a"])["a"] == 1


def test_vectors_are_the_same_from_the_cache(folder: Path) -> None:
    encoder = HashingEncoder()
    first = cache.vectors("texts", ["路灯", "停水"], encoder)
    assert np.array_equal(first, cache.vectors("texts", ["路灯", "停水"], encoder))
    assert np.array_equal(first, encoder.encode(["路灯", "停水"]))


def test_two_processes_at_once_leave_one_sound_file(folder: Path) -> None:
    script = (
        "import numpy as np; from intents import cache\n"
        "for _ in range(20): cache._write(cache.settings().data / 'cache' / 'thing-key.npz', {'a': np.ones(20000)})\n"
    )
    environment = {"YITONG_DATA": str(folder.parent), "PATH": ""}
    both = [subprocess.Popen([sys.executable, "-c", script], env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert [path.name for path in folder.iterdir()] == ["thing-key.npz"]
    stored = cache._read(folder / "thing-key.npz")
    assert stored is not None and stored["a"].sum() == 20000

"""What can be computed again is kept: a start encodes only what is new, and a broken file is made anew."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.settings import settings
from core.text import vectors
from core.text.encode import HashingEncoder, Vectors


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "data", tmp_path)
    return tmp_path / "cache"


def _make(value: float, calls: list[float]) -> Any:
    def make() -> vectors.Arrays:
        calls.append(value)
        return {"a": np.array([value])}

    return make


def test_what_is_stored_is_not_made_again(folder: Path) -> None:
    calls: list[float] = []
    key = vectors.digest("x")
    first = vectors.arrays("thing", key, _make(1, calls), needs=["a"])
    second = vectors.arrays("thing", key, _make(2, calls), needs=["a"])
    assert calls == [1]
    assert first["a"] == second["a"] == 1
    assert [path.name for path in folder.iterdir()] == [f"thing-{key}.npz"]


def test_something_made_from_something_else_has_its_own_file(folder: Path) -> None:
    calls: list[float] = []
    for part in ("x", "y"):
        vectors.arrays("thing", vectors.digest(part), _make(1, calls), needs=["a"])
    assert len(calls) == 2
    assert vectors.digest("x", ["y"]) == vectors.digest("x", ["y"]) != vectors.digest("x", "y")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04broken", None])
def test_a_broken_file_is_made_anew(folder: Path, content: bytes | None) -> None:
    calls: list[float] = []
    vectors.arrays("thing", "key", _make(1, calls), needs=["a"])
    path = folder / "thing-key.npz"
    path.write_bytes(path.read_bytes()[:60] if content is None else content)
    assert vectors.arrays("thing", "key", _make(2, calls), needs=["a"])["a"] == 2
    assert vectors.arrays("thing", "key", _make(3, calls), needs=["a"])["a"] == 2
    assert calls == [1, 2]


def test_a_file_that_lacks_an_array_is_made_anew(folder: Path) -> None:
    calls: list[float] = []
    vectors.arrays("thing", "key", lambda: {"b": np.zeros(1)}, needs=["b"])
    assert vectors.arrays("thing", "key", _make(2, calls), needs=["a"])["a"] == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(settings(), "data", tmp_path / "file")
    assert vectors.arrays("thing", "key", lambda: {"a": np.ones(1)}, needs=["a"])["a"] == 1


def test_two_processes_at_once_leave_one_sound_file(folder: Path) -> None:
    script = (
        "import numpy as np; from core.text import vectors\n"
        "path = vectors.settings().data / 'cache' / 'thing-key.npz'\n"
        "for _ in range(20): vectors._write(path, {'a': np.ones(20000)})\n"
    )
    environment = {"YITONG_DATA": str(folder.parent), "PATH": ""}
    both = [subprocess.Popen([sys.executable, "-c", script], env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert [path.name for path in folder.iterdir()] == ["thing-key.npz"]
    stored = vectors._read(folder / "thing-key.npz")
    assert stored is not None and stored["a"].sum() == 20000


class Counting(HashingEncoder):
    fingerprint = "counting:1"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return super().encode(texts)


def test_known_sentences_are_not_encoded_again(folder: Path) -> None:
    encoder = Counting()
    first = vectors.kept("sentences", encoder)(["甲", "乙", "甲"])
    again = vectors.kept("sentences", encoder)(["乙", "丙", "甲"])
    assert encoder.encoded == ["甲", "乙", "丙"]
    assert np.array_equal(first[0], again[2])
    assert np.array_equal(first[1], again[0])
    assert np.allclose(again[1], encoder.encode(["丙"])[0])


def test_another_encoder_has_another_file(folder: Path) -> None:
    other = Counting()
    other.fingerprint = "counting:2"
    vectors.kept("sentences", Counting())(["甲"])
    vectors.kept("sentences", other)(["甲"])
    assert other.encoded == ["甲"]
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"not a cache", b"PK\x03\x04 cut off"])
def test_a_broken_file_of_sentences_is_made_anew(folder: Path, content: bytes) -> None:
    encoder = Counting()
    vectors.kept("sentences", encoder)(["甲"])
    [file] = folder.iterdir()
    file.write_bytes(content)
    vectors.kept("sentences", encoder)(["甲"])
    assert encoder.encoded == ["甲", "甲"]
    vectors.kept("sentences", encoder)(["甲"])
    assert encoder.encoded == ["甲", "甲"]


def test_sentences_are_encoded_where_nothing_can_be_written(folder: Path) -> None:
    folder.write_text("in the way")
    assert vectors.kept("sentences", Counting())(["甲"]).shape == (1, 512)
    assert vectors.kept("sentences", Counting())([]).shape == (0, 512)

"""A start encodes only what is new; a broken cache is made anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.settings import settings
from core.text.encode import HashingEncoder, Vectors
from kb import vectors


class Counting(HashingEncoder):
    fingerprint = "counting:1"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return super().encode(texts)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "data", tmp_path / "data")
    return tmp_path / "data" / "cache"


def test_known_sentences_are_not_encoded_again(cache: Path) -> None:
    encoder = Counting()
    first = vectors.kept(encoder)(["甲", "乙", "甲"])
    again = vectors.kept(encoder)(["乙", "丙", "甲"])
    assert encoder.encoded == ["甲", "乙", "丙"]
    assert np.array_equal(first[0], again[2])
    assert np.array_equal(first[1], again[0])
    assert np.allclose(again[1], encoder.encode(["丙"])[0])


def test_another_encoder_has_another_file(cache: Path) -> None:
    other = Counting()
    other.fingerprint = "counting:2"
    vectors.kept(Counting())(["甲"])
    vectors.kept(other)(["甲"])
    assert other.encoded == ["甲"]
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"not a cache", b"PK\x03\x04 cut off"])
def test_a_broken_cache_is_made_anew(cache: Path, content: bytes) -> None:
    encoder = Counting()
    vectors.kept(encoder)(["甲"])
    [file] = cache.iterdir()
    file.write_bytes(content)
    vectors.kept(encoder)(["甲"])
    assert encoder.encoded == ["甲", "甲"]
    vectors.kept(encoder)(["甲"])
    assert encoder.encoded == ["甲", "甲"]


def test_a_folder_that_cannot_be_written_only_costs_time(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("in the way")
    assert vectors.kept(Counting())(["甲"]).shape == (1, 512)
    assert vectors.kept(Counting())([]).shape == (0, 512)

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from core.settings import settings
from core.text import batches
from core.text.encode import Vectors


class Counting(batches.Batched):
    """Counts the batches it runs, and how many at once."""

    fingerprint = "counting:1"
    dimension = 2

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[list[str]] = []
        self.most = self._running = 0
        self._lock = threading.Lock()

    def _run(self, texts: list[str]) -> Vectors:
        with self._lock:
            self.runs.append(texts)
            self._running += 1
            self.most = max(self.most, self._running)
        made = np.array([[len(text), 1] for text in texts], dtype=np.float64)
        with self._lock:
            self._running -= 1
        return made


def test_all_callers_together_use_no_more_threads_than_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "encoder_threads", 2)
    encoder, texts = Counting(), [f"{number}号路灯" for number in range(batches.BATCH * 4)]
    names = set()

    def run(rows: list[str]) -> Vectors:
        names.add(threading.current_thread().name)
        return Counting._run(encoder, rows)

    monkeypatch.setattr(encoder, "_run", run)
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(encoder.encode, [texts] * 8))
    assert encoder.most <= 2
    assert len(names) <= 2 and all(name.startswith("encode") for name in names)


def test_texts_of_like_length_share_a_batch_and_come_back_in_their_order() -> None:
    encoder = Counting()
    texts = ["长" * (1 + number * 7 % 90) for number in range(90)]
    vectors = encoder.encode(texts)
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [len(text) for text in texts])
    spans = sorted((min(map(len, rows)), max(map(len, rows))) for rows in encoder.runs)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(len(rows) <= batches.BATCH for rows in encoder.runs)


def test_a_single_sentence_is_encoded_once_however_it_is_written() -> None:
    encoder = Counting()
    first = encoder.encode(["路灯坏了"])
    assert np.array_equal(encoder.encode([" 路燈壞了"]), first)
    assert encoder.runs == [["路灯坏了"]]
    first[0, 0] = 7  # whoever gets a vector may do with it what they want
    assert encoder.encode(["路灯坏了"])[0, 0] != 7


def test_a_sentence_that_was_encoded_alone_is_not_encoded_again_beside_another() -> None:
    encoder = Counting()
    encoder.encode(["路灯坏了"])
    vectors = encoder.encode(["路灯坏了", "井盖没了呀"])
    assert encoder.runs == [["路灯坏了"], ["井盖没了呀"]]
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [4, 5])
    encoder.encode(["路灯坏了", "井盖没了呀"])
    assert len(encoder.runs) == 2


def test_only_so_many_sentences_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CACHE", 2)
    encoder = Counting()
    for text in ("一", "二", "一", "三", "一", "二"):
        encoder.encode([text])
    assert encoder.runs == [["一"], ["二"], ["三"], ["二"]]

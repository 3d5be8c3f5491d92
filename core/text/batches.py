"""What every encoder that runs a model shares: batches of like length, one bounded pool of threads, a cache."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.settings import settings
from core.text.encode import Vectors
from core.text.normalise import normalise

BATCH = 8
CACHE = 8192  # single sentences


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the threads that encode, as many as the process ever uses, whoever asks and however often."""
    return ThreadPoolExecutor(threads, thread_name_prefix="encode")


class Batched(ABC):
    """An encoder whose `_run` turns one batch into vectors."""

    fingerprint: str
    dimension: int
    side_by_side = True  # whether batches run in several threads; False where one batch takes every processor

    def __init__(self) -> None:
        self._cached = lru_cache(maxsize=CACHE)(self._encode_one)

    @abstractmethod
    def _run(self, texts: list[str]) -> Vectors:
        """Return one row a normalised text, of whatever length. Called from several threads where `side_by_side`."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text. Safe to call from several threads."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        plain = [normalise(text) or " " for text in texts]
        if len(plain) == 1:
            return self._cached(plain[0])[None, :]
        order = sorted(range(len(plain)), key=lambda row: len(plain[row]))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        many = self.side_by_side and len(batches) > 1
        run = _pool(settings().encoder_threads).map if many else map
        vectors = np.empty((len(plain), self.dimension), dtype=np.float32)
        for rows, found in zip(
            batches, run(lambda rows: self._unit([plain[row] for row in rows]), batches), strict=True
        ):
            vectors[rows] = found
        return vectors

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._unit([text])[0]
        vector.setflags(write=False)
        return vector

    def _unit(self, texts: list[str]) -> Vectors:
        rows = self._run(texts).astype(np.float32, copy=False)
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return unit

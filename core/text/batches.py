"""What every encoder that runs a model shares: batches of like length, one bounded pool of threads, a cache."""

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
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
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()  # sentences encoded alone, the latest last
        self._lock = threading.Lock()

    @abstractmethod
    def _run(self, texts: list[str]) -> Vectors:
        """Return one row a normalised text, of whatever length. Called from several threads where `side_by_side`."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text. Safe to call from several threads."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        plain = [normalise(text) or " " for text in texts]
        vectors = np.empty((len(plain), self.dimension), dtype=np.float32)
        left: Sequence[int] = range(len(plain))
        if len(plain) <= BATCH:  # a citizen's sentence and what is asked beside it, not material for an index
            known = [self._cached(text) for text in plain]
            left = [row for row, vector in enumerate(known) if vector is None]
            for row, vector in enumerate(known):
                if vector is not None:
                    vectors[row] = vector
        if len(left) == 1:
            vectors[left[0]] = self._encode_one(plain[left[0]])
            return vectors
        order = sorted(left, key=lambda row: len(plain[row]))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        many = self.side_by_side and len(batches) > 1
        run = _pool(settings().encoder_threads).map if many else map
        for rows, found in zip(
            batches, run(lambda rows: self._unit([plain[row] for row in rows]), batches), strict=True
        ):
            vectors[rows] = found
        return vectors

    def _cached(self, text: str) -> NDArray[np.float32] | None:
        with self._lock:
            vector = self._known.get(text)
            if vector is not None:
                self._known.move_to_end(text)
            return vector

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a sentence encoded alone, and keep it: in a batch it may come out a little different."""
        vector: NDArray[np.float32] = self._unit([text])[0]
        with self._lock:
            self._known[text] = vector
            if len(self._known) > CACHE:
                self._known.popitem(last=False)
        return vector

    def _unit(self, texts: list[str]) -> Vectors:
        rows = self._run(texts).astype(np.float32, copy=False)
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return unit

"""Nearest vectors in memory (FAISS, inner product of unit vectors). A new one is built beside and swapped in whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import faiss
import numpy as np

from core.text.encode import Vectors

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Neighbour(Generic[Key]):
    """One found vector: the key it was added under, and its cosine to the query."""

    key: Key
    cosine: float


class VectorIndex(Generic[Key]):
    """An immutable index of unit vectors; `fingerprint` names the encoder that made them."""

    def __init__(self, keys: Sequence[Key], vectors: Vectors, *, fingerprint: str) -> None:
        """Take one key a row of `vectors`, shape (len(keys), dimension). Raises ValueError when they differ."""
        if len(keys) != len(vectors):
            raise ValueError(f"{len(keys)} keys for {len(vectors)} vectors")
        self.keys = list(keys)
        self.fingerprint = fingerprint
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        if len(keys):
            self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.keys)

    def search(self, vectors: Vectors, count: int, *, made_by: str) -> list[list[Neighbour[Key]]]:
        """Return the `count` nearest of each row of `vectors`, nearest first.

        `made_by`: the fingerprint of the encoder that made `vectors`. Raises ValueError where it is another's: such
        cosines mean nothing.
        """
        if made_by != self.fingerprint:
            raise ValueError(f"vectors of {made_by} cannot be sought in an index of {self.fingerprint}")
        if not self.keys:
            return [[] for _ in vectors]
        faiss.omp_set_num_threads(1)  # of this thread: on a busy machine, threads that wait for each other cost more
        cosines, rows = self._index.search(np.ascontiguousarray(vectors, dtype=np.float32), min(count, len(self.keys)))
        return [
            [
                Neighbour(key=self.keys[row], cosine=float(cosine))
                for row, cosine in zip(one_rows, one_cosines, strict=True)
            ]
            for one_rows, one_cosines in zip(rows, cosines, strict=True)
        ]

"""What categories are learnt from: the city's examples, and labelled tickets beside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors
from intents.examples import Examples


@dataclass(frozen=True, slots=True)
class Material:
    """Normalised texts, their vectors and categories (numbers of leaves), in three parts, one after the other.

    First the city's example sentences (`spoken` of them), then names and definitions of categories, at last `tickets`
    labelled texts, oldest first.
    """

    plain: tuple[str, ...]
    vectors: Vectors
    labels: NDArray[np.intp]
    spoken: int
    tickets: int = 0

    @property
    def is_ticket(self) -> NDArray[np.bool_]:
        """Say of each text whether it is a labelled ticket."""
        return np.arange(len(self.plain)) >= len(self.plain) - self.tickets

    @property
    def asked(self) -> NDArray[np.intp]:
        """Return the rows that are people's sentences: what is held out and measured. Names are always known."""
        rows = np.arange(len(self.plain))
        return rows[(rows < self.spoken) | self.is_ticket]


def of_examples(examples: Examples, vectors: Vectors) -> Material:
    """Return what the city wrote."""
    return Material(plain=examples.plain, vectors=vectors, labels=examples.labels, spoken=examples.spoken)


def with_tickets(known: Material, plain: list[str], vectors: Vectors, labels: NDArray[np.intp]) -> Material:
    """Return the material with labelled texts added."""
    return Material(
        plain=(*known.plain, *plain),
        vectors=np.concatenate([known.vectors, vectors]),
        labels=np.concatenate([known.labels, labels]),
        spoken=known.spoken,
        tickets=len(plain),
    )

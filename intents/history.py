"""The fourth voice beside those of `scoring`: what a city's own tickets teach, for the leaves that have enough of them.

A linear model (`linear`) tells apart the leaves with history and, as one class, all the rest: what reads like none of
them speaks for every leaf that has none. So a leaf without tickets loses nothing but what others gain.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors
from intents.linear import LinearModel

FEWEST = 5  # tickets from which on a leaf has history; fewer teach a linear model the ticket and not the matter
REST = "-"
PREFIX = "history_"
Arrays = Mapping[str, NDArray[Any]]


class History:
    """A fitted linear model over the leaves of the tree; immutable, plain arrays, no text in it."""

    def __init__(self, arrays: Arrays, leaves: Sequence[str]) -> None:
        """Take what `arrays()` of another returned, and the codes of the tree's leaves in their order."""
        own = {name.removeprefix(PREFIX): value for name, value in arrays.items() if name.startswith(PREFIX)}
        self._model = LinearModel(own)
        places = {code: place for place, code in enumerate(self._model.classes)}
        self._columns = np.array([places.get(code, places.get(REST, -1)) for code in leaves])

    @classmethod
    def fit(cls, plain: Sequence[str], vectors: Vectors, labels: Sequence[str], leaves: Sequence[str]) -> "History":
        """Learn from normalised texts, their vectors and labels: codes of leaves with history, or REST."""
        model = LinearModel.fit(plain, vectors, labels)
        return cls({PREFIX + name: value for name, value in model.arrays().items()}, leaves)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything it consists of, by names that no other part of the classifier uses."""
        return {PREFIX + name: value for name, value in self._model.arrays().items()}

    def scores(self, plain: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
        """Return how much history speaks for each leaf, shape (texts, leaves)."""
        scores = self._model.scores(plain, vectors)
        least = scores.min(axis=1, keepdims=True)
        made: NDArray[np.float32] = np.hstack([scores, least])[:, self._columns]
        return made

    def knows(self, code: str) -> bool:
        """Say whether a leaf has history of its own."""
        return code in self._model.classes

    def weighty(self, plain: str, code: str, count: int) -> tuple[str, ...]:
        """Return the pieces of a normalised text that speak most for a leaf with history, in the text's order."""
        return self._model.weighty(plain, code, count)


def labels_of(labels: NDArray[np.intp], tickets: NDArray[np.bool_], leaves: Sequence[str]) -> list[str]:
    """Return the label that each text has for this voice: its leaf's code, or REST where that has too few tickets."""
    counted = np.bincount(labels[tickets], minlength=len(leaves))
    return [leaves[label] if counted[label] >= FEWEST else REST for label in labels]

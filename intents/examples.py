"""What a category is known by: its examples, its name and its definition."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.text.normalise import normalise
from intents.categories import Tree


@dataclass(frozen=True, slots=True)
class Examples:
    """What a category is known by: every leaf's examples, then its name and its definition."""

    shown: tuple[str, ...]
    plain: tuple[str, ...]
    labels: NDArray[np.intp]
    spoken: int  # how many, from the front, are citizens' sentences; the rest are names and definitions


def examples_of(known: Tree) -> Examples:
    """Return the examples of a tree; labels number its leaves in their order."""
    spoken = [(example, number) for number, leaf in enumerate(known.leaves()) for example in leaf.examples]
    written = [
        (text, number)
        for number, leaf in enumerate(known.leaves())
        for text in ("，".join(leaf.path[1:]), leaf.definition)
    ]
    shown = [text for text, _ in spoken + written]
    return Examples(
        shown=tuple(shown),
        plain=tuple(normalise(text) for text in shown),
        labels=np.array([number for _, number in spoken + written], dtype=np.intp),
        spoken=len(spoken),
    )

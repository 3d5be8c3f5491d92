"""The words of a text that spoke most for its category, for staff to see why."""

import numpy as np
from numpy.typing import NDArray

from core.text.segment import words
from intents import lexical
from intents.scoring import Profiles

LONGEST = 300  # characters looked at: what a letter is about stands at its beginning
SHORTEST = 2  # characters; a single one says nothing to a reader


def weightiest(plain: str, profiles: Profiles, columns: NDArray[np.intp], count: int) -> tuple[str, ...]:
    """Return up to `count` words of a normalised text that speak more for the leaves in `columns` than for others.

    In the order of the text. A word counts what the grams that lie in it add to the voice of words.
    """
    plain = plain[:LONGEST]
    spoken = _spoken(plain, profiles, columns)
    found: dict[str, float] = {}
    end = 0
    for word in words(plain):
        start = plain.index(word, end)
        end = start + len(word)
        if len(word) >= SHORTEST and not word.isdecimal():
            found[word] = found.get(word, 0.0) + float(spoken[start:end].sum())
    best = sorted((word for word in found if found[word] > 0), key=lambda word: -found[word])[:count]
    return tuple(sorted(best, key=plain.index))


def _spoken(plain: str, profiles: Profiles, columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how much each character adds: every gram's share, dealt over its characters."""
    slots, weights = lexical.weigh(plain, profiles.idf)
    table = profiles.words[slots]
    gain = weights * (table[:, columns].mean(axis=1) - table.mean(axis=1))
    says = dict(zip(slots.tolist(), gain.tolist(), strict=True))
    steps = [0.0] * (len(plain) + 1)  # how much more or less each character has than the one before
    for length, found in lexical.grams(plain).items():
        for place, slot in enumerate(found):
            share = says[slot] / length
            steps[place] += share
            steps[place + length] -= share
    return np.cumsum(steps)[:-1]

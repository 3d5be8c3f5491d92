"""What an answer depends on: an article may ask back (`ask`), and the citizen's words may tell already."""

import re
from functools import lru_cache

from core.city import read_yaml
from core.text.normalise import normalise
from kb.articles.document import Ask, Choice
from kb.words import WORDS

_DENIED = re.compile(r"(?:不是|并非|没有|没|不算|非)$")


@lru_cache(maxsize=1)
def _every_case() -> re.Pattern[str]:
    return re.compile(read_yaml(WORDS)["every_case"])


def every_case(plain: str) -> bool:
    """Say whether a normalised text wants every case told, or leaves open which it is."""
    return _every_case().search(plain) is not None


def told(ask: Ask, plain: str) -> tuple[Choice, ...]:
    """Return the choices that a normalised text tells, in their order; none where it tells none.

    The longest words count (非本市户籍 is not 本市户籍), and what is denied does not (不是本地户口). Where all but one
    are denied, that one is told.
    """
    spots: list[tuple[int, int, Choice]] = []
    for choice in ask.choices:
        for word in {normalise(each) for each in (choice.label, *choice.words)}:
            spots += [(found.start(), found.end(), choice) for found in re.finditer(re.escape(word), plain)]
    longest = [
        spot
        for spot in spots
        if not any(
            each[0] <= spot[0] and spot[1] <= each[1] and each[1] - each[0] > spot[1] - spot[0] for each in spots
        )
    ]
    denied = {choice.label for start, _, choice in longest if _DENIED.search(plain[:start])}
    meant = {choice.label for start, _, choice in longest if not _DENIED.search(plain[:start])}
    if not meant and denied and len(ask.choices) - len(denied) == 1:
        meant = {choice.label for choice in ask.choices} - denied
    return tuple(choice for choice in ask.choices if choice.label in meant)


def words_of(ask: Ask | None) -> list[str]:
    """Return every word that tells a choice, longest first."""
    if ask is None:
        return []
    found = {normalise(word) for choice in ask.choices for word in (choice.label, *choice.words)}
    return sorted(found, key=len, reverse=True)


def _within(spot: tuple[int, int, Choice], other: tuple[int, int, Choice]) -> bool:
    return other[0] <= spot[0] and spot[1] <= other[1] and spot[:2] != other[:2]

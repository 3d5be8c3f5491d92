"""Organisations that a text names: company, school, hospital, property manager; words in `data/organisations.yaml`."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import rjieba

from core.city import read_yaml

WORDS = Path(__file__).parent / "data" / "organisations.yaml"
LONGEST = 4000  # characters read of one text
WORDS_OF_A_NAME = 6  # before the word that says what it is
_PART_OF_NAME = re.compile(r"^[\u4e00-\u9fffa-z\d·()（）]+$")


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, ...], frozenset[str]]:
    raw = read_yaml(WORDS)
    return tuple(sorted(map(str, raw["kinds"]), key=len, reverse=True)), frozenset(map(str, raw["not_names"]))


def _names(plain: str) -> Iterator[str]:
    kinds, not_names = _words()
    words: list[str] = []
    for word in rjieba.cut(plain[:LONGEST]):
        if not _PART_OF_NAME.match(word):
            words = []
            continue
        kind = next((kind for kind in kinds if word.endswith(kind)), None)
        if kind is None:
            words = [] if word in not_names else [*words[1 - WORDS_OF_A_NAME :], word]
            continue
        name = "".join(words) + word
        if len(name) - len(kind) >= 2 and name not in kinds:
            yield name
            words = [name] if kind in ("公司", "集团") else []


def find(plain: str) -> tuple[str, ...]:
    """Return the named organisations of a normalised text; a bare 公司 or 学校 is none."""
    found = list(dict.fromkeys(_names(plain)))
    return tuple(name for name in found if not any(name != other and other.startswith(name) for other in found))

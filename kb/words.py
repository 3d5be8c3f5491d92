"""What the language says of a question: its content words, whether it asks, which section it is about."""

import itertools
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from core.text.segment import words

WORDS = Path(__file__).with_name("words.yaml")
MOST = 64  # content words read of one question
_RUN = re.compile(r"[a-z0-9\u3400-\u9fff]+")
_SIGN = re.compile(r"[a-z0-9]{1,20}|[\u3400-\u9fff]")
_PLACES = frozenset("省市州县区")
_LETTERED = re.compile(r"[a-z]\d{0,2}[市县区]")  # as published letters name them


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(WORDS)
    return read


@lru_cache(maxsize=1)
def function_words() -> frozenset[str]:
    """Return the words that carry no matter."""
    return frozenset(_read()["function"].split())


@lru_cache(maxsize=1)
def spoken_verbs() -> frozenset[str]:
    """Return the verbs of one character in which people ask (丢, 补, 换)."""
    return frozenset(_read()["spoken_verbs"].split())


@lru_cache(maxsize=1)
def _no_places() -> frozenset[str]:
    return frozenset(_read()["no_places"].split())


@lru_cache(maxsize=1)
def _abroad() -> re.Pattern[str]:
    own = city().name
    names = "|".join(name for name in _read()["abroad"].split() if name not in own)
    return re.compile(
        f"(?<![在从到去回来是])(?:{names})(?!人|籍|的?$|的?[，,])"
    )  # who is there, or from there, asks of here


@lru_cache(maxsize=8)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("".join(_read()[name].split()))


@lru_cache(maxsize=1)
def _sections() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(each["heading"]), re.compile(each["cue"])) for each in _read()["sections"])


def content(text: str) -> list[str]:
    """Return the words of a normalised text that carry its matter, each once, in their order."""
    found = (word for word in words(text) if word not in function_words())
    return list(dict.fromkeys(found))[:MOST]


def pairs(text: str) -> list[str]:
    """Return every two neighbouring characters of a normalised text, numbers and Latin words counting as one each."""
    found: list[str] = []
    for run in _RUN.findall(text):
        signs = _SIGN.findall(run)
        found += [one + other for one, other in itertools.pairwise(signs)]
        found += [sign for sign in signs if sign.isascii() and len(sign) > 1]
    return found


def terms(text: str) -> list[str]:
    """Return what a lexical index holds of a normalised text: its pairs, and its words of other lengths."""
    return pairs(text) + [word for word in words(text) if len(word) != 2 and not word.isascii()]


def places(text: str) -> frozenset[str]:
    """Return the districts, counties, cities and provinces that a normalised text names; A7县 is one too."""
    named = [word for word in words(text) if word[-1] in _PLACES and len(word) > 2 and word not in _no_places()]
    return frozenset([*named, *_LETTERED.findall(text)])


def abroad(text: str) -> frozenset[str]:
    """Return the well-known places elsewhere that a normalised text names."""
    return frozenset(_abroad().findall(text))


def asks(text: str) -> bool:
    """Say whether a normalised text asks, or wants to get something done for oneself."""
    return _pattern("asking").search(text) is not None


def reports(text: str) -> bool:
    """Say whether a normalised text reads like a complaint, a report, a suggestion or praise."""
    return fails(text) or _pattern("reporting").search(text) is not None


def fails(text: str) -> bool:
    """Say whether a normalised text tells of something due that did not come, or came wrong."""
    return _pattern("failing").search(text) is not None


def is_about(text: str, heading: str) -> bool:
    """Say whether the words of a normalised question point to the section under `heading`."""
    return any(name.search(heading) and cue.search(text) for name, cue in _sections())

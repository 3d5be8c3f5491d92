"""What the language says of a question: its content words, whether it asks, which section it is about."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import read_yaml
from core.text.segment import words

WORDS = Path(__file__).with_name("words.yaml")
MOST = 64  # content words read of one question


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(WORDS)
    return read


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    return frozenset(_read()["function"].split())


@lru_cache(maxsize=8)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("".join(_read()[name].split()))


@lru_cache(maxsize=1)
def _sections() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(each["heading"]), re.compile(each["cue"])) for each in _read()["sections"])


def content(text: str) -> list[str]:
    """Return the words of a normalised text that carry its matter, each once, in their order."""
    found = (word for word in words(text) if word not in _function_words())
    return list(dict.fromkeys(found))[:MOST]


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

"""Texts in other languages: a mostly Latin one is read through a short word list (`data/english.yaml`)."""

import re
from functools import lru_cache
from pathlib import Path

from core.city import read_yaml

WORDS = Path(__file__).parent / "data" / "english.yaml"
_LATIN = re.compile(r"[a-z]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), chinese) for pattern, chinese in read_yaml(WORDS).items())


def is_latin(plain: str) -> bool:
    """Say whether a normalised text is mostly Latin words."""
    return sum(map(len, _LATIN.findall(plain))) > 3 * len(_HAN.findall(plain))


def in_chinese(plain: str) -> str:
    """Return what the known words of a Latin text mean in Chinese, or "" where none is known."""
    return "，".join(chinese for pattern, chinese in _words() if pattern.search(plain))

"""Words of a Chinese text, and the terms that a lexical index holds."""

import re

import rjieba

_WORD = re.compile(r"[\w]+", re.UNICODE)
_HAN = re.compile(r"[\u3400-\u9fff]+")


def words(text: str) -> list[str]:
    """Return the words of a normalised text, punctuation left out."""
    return [word for word in rjieba.cut(text) if _WORD.fullmatch(word)]


def terms(text: str) -> list[str]:
    """Return what a lexical index holds of a normalised text: its words, and every pair of neighbouring characters.

    Pairs let two-character words be found whatever the segmentation.
    """
    found = words(text)
    for run in _HAN.findall(text):
        found.extend(run[start : start + 2] for start in range(len(run) - 1))
    return found

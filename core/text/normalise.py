"""One form for what citizens type: simplified, half width, no markup, no invisible characters."""

import html
import re
import unicodedata
from functools import lru_cache

import opencc

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>|<!--.{0,2000}?-->", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\f\v\u3000\xa0]+")
_LINES = re.compile(r"\s*\n\s*")
# NFKC would make Chinese punctuation half width too; sentences keep theirs.
_PUNCTUATION = "，。！？；：（）“”‘’、…"
_GUARD = {ord(mark): chr(0xF0000 + index) for index, mark in enumerate(_PUNCTUATION)}
_UNGUARD = {0xF0000 + index: mark for index, mark in enumerate(_PUNCTUATION)}


@lru_cache(maxsize=1)
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def clean(text: str) -> str:
    """Return `text` as a person may be shown it: markup and invisible characters gone, words as they were written."""
    text = html.unescape(_TAG.sub(" ", text))
    text = "".join(
        character
        for character in text.replace("\r\n", "\n")
        if character == "\n" or character == "\t" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs"}
    )
    return _LINES.sub("\n", _SPACE.sub(" ", text)).strip()


def normalise(text: str) -> str:
    """Return `text` as indexes and rules read it: clean, half-width digits and letters (NFKC), simplified, lower case.

    Chinese punctuation stays as it is.
    """
    guarded = clean(text).translate(_GUARD)
    plain = unicodedata.normalize("NFKC", guarded).translate(_UNGUARD)
    return str(_simplifier().convert(plain)).lower()

"""Phrases that mean one thing at any moment of a conversation (`phrases.yaml`), and corrections.

They are short and closed, so rules read them better than any model: who says 转人工 must never be asked twice.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import read_yaml

FILE = Path(__file__).parent / "phrases.yaml"
_SIGNS = r"[\s,，。.!！?？~、…;；:：]"

LONGEST_ABUSE = 12  # characters; a longer text has a matter in it
LONGEST_IMPATIENCE = 20  # the same

CORRECTION = re.compile(
    r"不是\s*(?P<wrong>[^，,。;；\s]{1,20}?)\s*[，,。;；\s]*(?:而是|应该是|应是|是)\s*(?P<right>.{1,60}?)[。.!！]*$"
    r"|(?:说错了|写错了|弄错了|错了|更正(?:一下)?|改成|改为|应该是|不对(?=[，,。\s]*(?:应该)?是))[，,。:：\s]*(?:应该)?(?:是|为|成)?\s*(?P<only>.{2,60}?)[。.!！]*$"
)
# The same with the right one first: 是松岭区不是望江区.
REVERSED = re.compile(
    r"^(?:应该)?是\s*(?P<right>[^，,。;；\s]{1,20}?)\s*[，,。;；\s]*(?:而)?不是\s*(?P<wrong>[^是，,]{1,20}?)[。.!！]*$"
)


@lru_cache(maxsize=1)
def _compiled() -> dict[str, re.Pattern[str]]:
    content: dict[str, Any] = read_yaml(FILE)
    lead, tail = (_any(content.pop(name)) for name in ("lead", "tail"))
    made = {}
    for name, phrases in content.items():
        patterns = [str(each) for each in phrases.get("within", ())]
        if "whole" in phrases:
            whole = _any(phrases["whole"])
            # Possessive: 是的是的是的… has two readings a word, and trying them all would never end.
            patterns.append(rf"^{_SIGNS}*+(?:{lead}{_SIGNS}*+)*{whole}(?:{_SIGNS}|{whole}|{tail})*+$")
        made[name] = re.compile("|".join(f"(?:{each})" for each in patterns))
    return made


def _any(phrases: list[str]) -> str:
    longest_first = sorted(map(str, phrases), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def correction(text: str) -> tuple[str, str] | None:
    """Return what a correction calls wrong (or nothing) and what is right; None for a text that is none."""
    found = REVERSED.search(text)
    if found:
        return found["wrong"], found["right"]
    found = CORRECTION.search(text)
    return (found["wrong"] or "", (found["right"] or found["only"] or "").strip()) if found else None


def says(name: str, plain: str) -> bool:
    """Say whether a normalised text says what the entry `name` of `phrases.yaml` means."""
    return bool(_compiled()[name].search(plain))


def yes_or_no(plain: str) -> str | None:
    """Return `yes`, `no`, or None for a text that is neither."""
    return "no" if says("no", plain) else "yes" if says("yes", plain) else None


def angry(plain: str) -> bool:
    """Say whether a normalised text has nothing but anger in it: it is upset, it waits too long, it abuses."""
    return (
        says("upset", plain)
        or (len(plain) <= LONGEST_IMPATIENCE and says("impatient", plain))
        or (len(plain) <= LONGEST_ABUSE and says("abuse", plain))
    )

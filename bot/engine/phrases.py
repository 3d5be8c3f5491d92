"""Phrases that mean one thing at any moment of a conversation (`phrases.yaml`).

They are short and closed, so rules read them better than any model: who says 转人工 must never be asked twice.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import read_yaml
from core.text.normalise import normalise

FILE = Path(__file__).parent / "phrases.yaml"
_SIGNS = r"[\s,，。.!！?？~、…;；:：]"

_FILLERS = re.compile(
    r"^(?:[喂呃额嗯哎诶唉啊哦噢]+[\s，,。.…]*)+(?:(?:那个|这个|就是说?|然后|[呃额嗯啊]+)[\s，,。.…]*)*"
)

_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]+")

LONGEST_ABUSE = 12  # characters; a longer text has a matter in it
LONGEST_IMPATIENCE = 20  # the same


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
            again = rf"{_SIGNS}(?:{lead})*+(?={whole})"  # 你说什么？我没听清
            but = rf"(?!.*{_any(phrases['but'])})" if "but" in phrases else ""  # 没错 is no 没 and 错
            patterns.append(rf"^{but}{_SIGNS}*+(?:{lead}{_SIGNS}*+)*{whole}(?:{again}|{_SIGNS}|{whole}|{tail})*+$")
        made[name] = re.compile("|".join(f"(?:{each})" for each in patterns))
    return made


def _any(phrases: list[str]) -> str:
    longest_first = sorted(map(str, phrases), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def end_of(name: str, plain: str) -> int | None:
    """Return where in a normalised text ends what the entry `name` means; None where the text does not say it."""
    found = _compiled()[name].search(plain)
    return found.end() if found else None


def says(name: str, plain: str) -> bool:
    """Say whether a normalised text says what the entry `name` of `phrases.yaml` means."""
    return bool(_compiled()[name].search(plain))


def yes_or_no(plain: str) -> str | None:
    """Return `yes`, `no`, or None for a text that is neither."""
    return "no" if says("no", plain) else "yes" if says("yes", plain) else None


def without_pictures(text: str) -> str:
    """Return a text without the small pictures between its words; one that has nothing else stays."""
    return _PICTURES.sub("", text) or text


def civil(text: str) -> str:
    """Return a text without the clauses that insult somebody: a ticket's title has none."""
    text = without_pictures(text)
    clauses = re.findall(r"[^，,。.!！？?；;\n]+[，,。.!！？?；;\n]*", text)
    kept = "".join(clause for clause in clauses if not says("insult", normalise(clause))).strip("，,；; \n")
    return kept or _compiled()["insult"].sub("…", normalise(text))


def without_fillers(text: str) -> str:
    """Return a text as it is read back: without 呃, 那个, 就是 before its first word, where it begins with a sound."""
    return _FILLERS.sub("", text) or text


def angry(plain: str) -> bool:
    """Say whether a normalised text has nothing but anger in it: it is upset, it waits too long, it abuses."""
    return (
        says("upset", plain)
        or (len(plain) <= LONGEST_IMPATIENCE and says("impatient", plain))
        or (len(plain) <= LONGEST_ABUSE and says("abuse", plain))
    )

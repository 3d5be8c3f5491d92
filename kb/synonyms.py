"""Official and everyday words of the same meaning, from `synonyms.yaml` beside this and the city's own, if any."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.normalise import normalise
from kb import words

SYNONYMS = Path(__file__).with_name("synonyms.yaml")
MOST = 3  # words replaced in one question


@dataclass(frozen=True, slots=True)
class Meaning:
    """`words`: for each word of the question the official ones for it; `other`: the question with those in place."""

    words: dict[str, tuple[str, ...]]
    other: str = ""


def meaning(text: str) -> Meaning:
    """Return what a normalised question also means; a question that says the official word already is left alone."""
    found: dict[str, tuple[str, ...]] = {}
    other, replaced = text, 0
    for everyday, official in _table():
        if replaced < MOST and everyday in other and not any(word in text for word in official):
            other, replaced = other.replace(everyday, official[0]), replaced + 1
            found |= {word: found.get(word, ()) + official for word in words.content(everyday)}
    return Meaning(found, other if replaced else "")


def count() -> int:
    """Return how many everyday words are known. Raises BadInput, naming file and group, where a table is broken."""
    return len(_table())


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (everyday words, official ones), the longest first: 小孩上户口 is more than 上户口."""
    own = city().folder / "synonyms.yaml"
    read = [group for path in (SYNONYMS, own) if path.exists() for group in groups(path)]
    table: dict[str, tuple[str, ...]] = {}
    for official, everyday in read:
        for each in everyday:
            table[each] = table.get(each, ()) + tuple(word for word in official if word not in table.get(each, ()))
    return tuple(sorted(table.items(), key=lambda entry: (-len(entry[0]), entry[0])))


def groups(path: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the groups of a file: official words, everyday words. Raises BadInput that names the group."""
    read = read_yaml(path)
    if not isinstance(read, list):
        raise BadInput(f"{path.name} is a list of {{official, everyday}}.")
    return [
        (_words(path, place, group, "official"), _words(path, place, group, "everyday"))
        for place, group in enumerate(read, 1)
    ]


def _words(path: Path, place: int, group: Any, key: str) -> tuple[str, ...]:
    """Return the words under one key, normalised; each has two characters or more, since one means too much."""
    given = group.get(key) if isinstance(group, dict) and set(group) == {"official", "everyday"} else None
    if not isinstance(given, str) or not given.split() or any(len(word) < 2 for word in given.split()):
        raise BadInput(
            f"{path.name}: group {place} is {{official: 词 词, everyday: 词 词}}, each of two characters or more."
        )
    return tuple(normalise(word) for word in given.split())

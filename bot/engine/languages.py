"""Which language a turn is in. English is spoken; in others the line says who comes (`languages.yaml`)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.city import read_yaml

FILE = Path(__file__).parent / "languages.yaml"
UNKNOWN = "unknown"  # of a language that is in no list
HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[a-z\u00c0-\u024f']+")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the line does not speak, and what it says in it; `numbers` has {police}, {fire}, {ambulance}."""

    code: str
    name: str  # in Chinese, for staff
    said: str
    nobody: str
    noted: str
    numbers: str
    danger: re.Pattern[str]
    letters: re.Pattern[str] | None = None
    words: frozenset[str] = frozenset()


@lru_cache(maxsize=3)
def _words(of: str) -> frozenset[str]:
    content = read_yaml(FILE)
    return frozenset(str(content["shared"] if of == "shared" else content["english"][of]).split())


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """Return the languages that the line does not speak, in the order in which they are tried."""
    return tuple(
        Language(
            code=raw["code"],
            name=raw["name"],
            **{name: str(raw[name]) for name in ("said", "nobody", "noted", "numbers")},
            danger=re.compile(raw["danger"]),
            letters=re.compile(raw["letters"]) if "letters" in raw else None,
            words=frozenset(raw.get("words", "").split()),
        )
        for raw in read_yaml(FILE)["others"]
    )


def english(plain: str) -> bool:
    """Say whether a normalised text is English."""
    words = _LATIN_WORD.findall(plain)
    known = [word for word in words if word in _words("words")]
    return (len(known) >= 2 and 3 * len(known) >= len(words)) or (
        bool(words) and len(words) <= 2 and words[0] in _words("alone")
    )


def foreign(plain: str) -> Language | None:
    """Return the language of a normalised text that is mostly in one that the line does not speak, or None."""
    han = len(HAN.findall(plain))
    for language in languages():
        written = len(language.letters.findall(plain)) if language.letters else 0
        if written >= 2 and max(written, _foreign_letters(plain)) >= han:
            return language
    words = [] if han else _LATIN_WORD.findall(plain)
    spoken = [each for each in languages() if _speaks(words, each.words)]
    return max(spoken, key=lambda each: sum(word in each.words for word in words), default=None)


def unknown(plain: str) -> bool:
    """Say whether a normalised text is mostly in a script that the line does not even know."""
    return _foreign_letters(plain) >= 2 and _foreign_letters(plain) >= len(HAN.findall(plain))


def _foreign_letters(plain: str) -> int:
    """Return how many letters are neither Chinese nor Latin."""
    return sum(
        character.isalpha() and not HAN.match(character) and not unicodedata.name(character, "").startswith("LATIN")
        for character in plain
    )


def _speaks(words: list[str], known: frozenset[str]) -> bool:
    """Say whether Latin words hold together by those that are known of a language, more than by English ones."""
    own = [word for word in words if word in known]
    telling = [word for word in own if word not in _words("shared") | _words("words")]
    return len(own) >= 2 and bool(telling) and 4 * len(own) >= len(words)

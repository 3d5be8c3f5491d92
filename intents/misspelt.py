"""Names of the gazetteer that were typed a little wrong (宾江大道), or written in Latin letters (Nanshan Road).

Only what is safe: the same sounds in a name of three characters and more, with the word that says what it is (路, 小区)
right; or one wrong character inside a name of five and more that is no direction, size or number: 东山路 is not 南山路.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from intents.gazetteer import Gazetteer

LONGEST = 300  # characters in which wrong spellings are looked for: a letter says early where it is
SOUNDS_FROM = 3  # characters of a name that may be spelt by its sound
WRONG_FROM = 5  # characters of a name that may have one wrong character
_GENERIC = frozenset("路街道巷里苑园府村院站桥港湾镇区城场厦邸居庭")
_TELLING = frozenset("省市县区镇村东西南北中上下大小新老前后内外左右一二三四五六七八九十第")
# What many speakers do not tell apart.
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_KINDS = {
    "road": "路|大道|街|大街", "rd": "路|大道", "street": "街|路|大街", "st": "街|路|大街", "avenue": "大道|路|大街",
    "ave": "大道|路|大街", "boulevard": "大道|大街", "lane": "巷|里|弄", "lu": "路", "jie": "街", "dajie": "大街",
    "dadao": "大道", "xiang": "巷", "park": "公园", "gongyuan": "公园", "garden": "花园|苑|园", "gardens": "花园|苑|园",
    "district": "区", "square": "广场", "community": "社区|小区|家园|花园", "village": "村|新村", "town": "镇",
}  # fmt: skip
_LATIN = re.compile(
    r"(?:(?:no\.?\s?)?(?P<before>\d{1,5})\s?,?\s)?(?<![a-z])(?P<words>(?:[a-z']{2,}\s){0,3}?[a-z']{2,})\s?"
    rf"(?P<kind>{'|'.join(sorted(_KINDS, key=len, reverse=True))})(?![a-z])\.?"
    r"(?:,?\s?(?:no\.?\s?)?(?P<after>\d{1,5})(?![\d:]))?"
)


_NUMBERED = re.compile(r"\d{1,5}号")


@dataclass(frozen=True, slots=True)
class Guess:
    """A piece of a text that means a name of the gazetteer."""

    start: int
    end: int
    name: str
    number: str | None = None


@lru_cache(maxsize=1)
def _readings() -> dict[int, str]:
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # its phrases cost half a second and are not used
    from pypinyin.constants import PINYIN_DICT

    return dict(PINYIN_DICT)


@lru_cache(maxsize=4096)
def syllable(character: str) -> str:
    """Return the sound of a character without its tone, or the character itself."""
    read = _readings().get(ord(character))
    if read is None:
        return character
    split = unicodedata.normalize("NFD", read.partition(",")[0])
    return "".join(letter for letter in split if letter.isascii())


@lru_cache(maxsize=4096)
def sound(character: str) -> str:
    """Return the sound of a character as one hears it in the south: zh as z, ing as in, n as l."""
    heard = syllable(character)
    for hard, soft in _ALIKE:
        heard = soft + heard.removeprefix(hard) if heard.startswith(hard) else heard
    heard = heard[:-1] if heard.endswith("ng") and heard[-3:-2] in "ie" else heard
    return "l" + heard[1:] if heard.startswith("n") else heard


@dataclass(frozen=True, slots=True)
class _Spellings:
    ends: dict[int, frozenset[str]]  # length of a name → the sounds of last characters, longest first
    sounds: dict[tuple[str, ...], str]
    gaps: dict[str, str]  # a name with one character left out → the name
    latin: dict[tuple[str, str], str]  # (sounds without the generic word, generic word) → the name


def _put(table: dict[object, str | None], key: object, name: str) -> None:
    table[key] = name if table.get(key, name) == name else None  # two names that sound alike: neither


@lru_cache(maxsize=4)
def _spellings(names: tuple[str, ...]) -> _Spellings:
    sounds: dict[object, str | None] = {}
    gaps: dict[object, str | None] = {}
    latin: dict[object, str | None] = {}
    generics = {word for words in _KINDS.values() for word in words.split("|")}
    for name in names:
        if len(name) >= SOUNDS_FROM and (name[-1] in _GENERIC or len(name) > SOUNDS_FROM):
            _put(sounds, tuple(map(sound, name)), name)
        if len(name) >= WRONG_FROM:
            for place in range(len(name) - 1):
                if name[place] not in _TELLING:
                    _put(gaps, f"{name[:place]}*{name[place + 1 :]}", name)
        for generic in generics:
            if name.endswith(generic) and name != generic:
                _put(latin, ("".join(map(syllable, name.removesuffix(generic))), generic), name)
    ends = {
        length: frozenset(sound(name[-1]) for name in names if len(name) == length)
        for length in sorted({len(name) for name in names if len(name) >= SOUNDS_FROM}, reverse=True)
    }
    return _Spellings(
        ends,
        {key: name for key, name in sounds.items() if name and isinstance(key, tuple)},
        {key: name for key, name in gaps.items() if name and isinstance(key, str)},
        {(str(key[0]), str(key[1])): name for key, name in latin.items() if name and isinstance(key, tuple)},
    )


def _meant(window: str, known: _Spellings, *, numbered: bool) -> str | None:
    """Return the name that a window of a text is spelt wrong for; `numbered`: a house number follows."""
    name = known.sounds.get(tuple(map(sound, window)))
    if (
        name is not None
        and (name[-1] == window[-1] or len(window) > SOUNDS_FROM or numbered)
        and sum(a != b for a, b in zip(name, window, strict=True)) <= (1 if len(name) == SOUNDS_FROM else 2)
    ):
        return name
    if len(window) < WRONG_FROM:
        return None
    for place in range(len(window) - 1):
        name = known.gaps.get(f"{window[:place]}*{window[place + 1 :]}")
        wrong = window[place]  # 长江路地铁站 is not 江滩地铁站: where a name ends is no slip
        if name is not None and wrong not in _TELLING | _GENERIC and "\u4e00" <= wrong <= "\u9fff":
            return name
    return None


def _latin(plain: str, known: _Spellings) -> Iterator[Guess]:
    for match in _LATIN.finditer(plain):
        words = match["words"].replace("'", "").split()
        for first in range(len(words)):
            stem = "".join(words[first:])
            found = (known.latin.get((stem, generic)) for generic in _KINDS[match["kind"]].split("|"))
            name = next((each for each in found if each), None)
            if name is None:
                continue
            start = match.start("words") + match["words"].rfind(words[first]) if first else match.start()
            number = match["after"] or (None if first else match["before"])
            yield Guess(start, match.end(), name, f"{number}号" if number else None)
            break


def find(plain: str, gazetteer: Gazetteer) -> list[Guess]:
    """Return what of a normalised text means a name of the gazetteer without being one, in order."""
    plain = plain[:LONGEST]
    known = _spellings(tuple(gazetteer.names))
    taken = [match.span() for match in gazetteer.pattern.finditer(plain)]
    found = list(_latin(plain, known))
    taken += [(guess.start, guess.end) for guess in found]
    sounds = [sound(character) if "\u4e00" <= character <= "\u9fff" else "" for character in plain]
    for length, ends in known.ends.items():
        for start in range(len(plain) - length + 1):
            # However a name is misspelt, its last character sounds right.
            if sounds[start + length - 1] not in ends or any(
                start < end and begin < start + length for begin, end in taken
            ):
                continue
            window = plain[start : start + length]
            name = _meant(window, known, numbered=_NUMBERED.match(plain, start + length) is not None)
            if name is not None and name != window:
                found.append(Guess(start, start + length, name))
                taken.append((start, start + length))
    return sorted(found, key=lambda guess: guess.start)

"""How people write: facts stay as they are (a wrong digit would be another number), the words around them do not."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from random import Random

import opencc
from pypinyin import lazy_pinyin

from core.text.normalise import normalise
from tests.simulation.material import material, phrases

MANNERS = ("plain", "dictated", "typed_in_haste", "traditional", "full_width", "dialect", "courteous", "spaced")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_SIGNS = "，,。.！!？?；;、"

Piece = tuple[str, bool]  # words, and whether they are a fact


@lru_cache(maxsize=1)
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


@lru_cache(maxsize=1)
def _sounding_alike() -> dict[str, str]:
    """Return for each character of the city's sentences the others that sound the same."""
    characters = sorted({each for _, said in material().matters for each in "".join(said) if "一" <= each <= "鿿"})
    by_sound: dict[str, list[str]] = defaultdict(list)
    for character in characters:
        by_sound[lazy_pinyin(character)[0]].append(character)
    return {each: "".join(alike) for alike in by_sound.values() if len(alike) > 1 for each in alike}


def said(pieces: Sequence[Piece], manner: str, chance: Random) -> str:
    """Return the pieces as somebody of this manner writes them."""
    words = [(text if fact else _changed(text, manner, chance), fact) for text, fact in pieces]
    whole = "".join(text for text, _ in words)
    match manner:
        case "dictated":  # a voice-typed message has no signs, but its speaker breathes
            return "".join(" " if each in _SIGNS and chance.random() < 0.3 else each for each in whole if _kept(each))
        case "traditional":
            return str(_traditional().convert(whole))
        case "full_width":
            return whole.translate(_FULL_WIDTH)
        case "spaced":
            return " ".join(part for part in whole.replace("，", ",").replace("。", ",").split(",") if part)
        case "courteous":
            return f"{chance.choice(phrases()['opening'])}，{whole}" if len(whole) > 8 else whole
    return whole


def _kept(character: str) -> bool:
    return character not in "，,。！!？?；;、"


def _changed(text: str, manner: str, chance: Random) -> str:
    match manner:
        case "typed_in_haste" if len(text) > 6:
            return _mistyped(text, chance)
        case "dictated" if len(text) > 6:
            return chance.choice(phrases()["fillers"]) + text
        case "dialect":
            for word, said_there in phrases()["dialect"].items():
                text = text.replace(word, said_there)
    return text


def _mistyped(text: str, chance: Random) -> str:
    """Return the text with one character that sounds alike, or one left out."""
    spot = chance.randrange(len(text))
    alike = _sounding_alike().get(text[spot], "").replace(text[spot], "")
    if alike and chance.random() < 0.7:
        return text[:spot] + chance.choice(alike) + text[spot + 1 :]
    return text[:spot] + text[spot + 1 :]


def same(fact: str, text: str) -> bool:
    """Say whether a fact stands in a text, however either is written."""
    return normalise(fact).replace(" ", "") in normalise(text).replace(" ", "")

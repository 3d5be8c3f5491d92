"""Organisations that a text names: company, school, hospital, shop …; words in `data/organisations.yaml`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import rjieba

from core.city import read_yaml

WORDS = Path(__file__).parent / "data" / "organisations.yaml"
LONGEST = 4000  # characters read of one text
WORDS_OF_A_NAME = 6  # before the word that says what it is
LONGEST_NAME = 24
_PART_OF_NAME = re.compile(r"^[\u4e00-\u9fffa-z\d·()（）]+$")
# Words of time and count end what stands before a name: 2023年5月以来物业, 每天半夜两点工厂, 三家公司.
_BREAKS = re.compile(
    r".*(?:[年月日号点天晚夜午]|[周星期礼拜]+[一二三四五六日天]|凌晨|早上|以来|左右|之间|期间|星期|礼拜|小时|钟头|[多几\d一二两三四五六七八九十][家所个间名位人户])$|^[每从自该各].*"
)
_ABBREVIATED = re.compile(r"[省市县区][一二三四五六七八九十]{1,2}[院中小](?![\u4e00-\u9fff]?学|心|间|时|午|型)")
# What only a name in quotation marks may end with: “小六子麻辣烫”, and never 一份麻辣烫.
_QUOTED = re.compile(
    r"[“\"「『]([\u4e00-\u9fffa-z\d]{2,10}(?:麻辣烫|黄焖鸡|牛肉面|米线|烧烤|烤肉|火锅|小吃|奶茶|串串|健身|店))[”\"」』]"
)
_BUREAU = re.compile(r"[\u4e00-\u9fff]{2,3}[省市区县镇][\u4e00-\u9fff]{2,12}")  # only with whose it is
_BRAND = re.compile(r"[a-z]{2,}$")
_BRANCH = re.compile(r"([\u4e00-\u9fffa-z\d·]{2,12})([(（][^()（），。]{1,10}(?:店|校区)[)）])")
_PLACE_BEHIND = frozenset("路街巷弄村桥")


_GLUE = frozenset("drpcuftyqeo")  # adverb, pronoun, preposition, conjunction, particle, side, time …: never in a name
_LEAD = re.compile(r"^(?:.*\d年|[因对将把被从]|[市县])(?=.{4})")  # what the segmenter leaves on the first word
_BRACKET = re.compile(r".*[(（](?![^(（)）]*[)）])")


@dataclass(frozen=True, slots=True)
class _Words:
    kinds: frozenset[str]
    lengths: tuple[int, ...]  # of the kinds, longest first
    not_names: frozenset[str]
    modifiers: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    raw = read_yaml(WORDS)
    kinds = frozenset(map(str, raw["kinds"]))
    lengths = tuple(sorted({len(kind) for kind in kinds}, reverse=True))
    return _Words(kinds, lengths, frozenset(map(str, raw["not_names"])), frozenset(map(str, raw["modifiers"])))


def are_no_name(plain: str) -> bool:
    """Say whether a piece of text has a word that never stands in a name: 我们, 目前, a verb."""
    known = _words().not_names
    return any(
        tag[:1] in "drpc" or (len(word) > 1 and (tag == "v" or word in known)) for word, tag in rjieba.tag(plain)
    )


def _name(words: list[tuple[str, str]], kind: str) -> str | None:
    """Return the name that tagged words make; verbs before it (责令) and mere modifiers are none."""
    while words and words[0][1] == "v" and kind != "银行":
        words = words[1:]
    said = _LEAD.sub("", _BRACKET.sub("", "".join(word for word, _ in words)))
    own = [word for word, _ in words if word not in _words().modifiers and not kind.endswith(word)]
    long_enough = len(said) - len(kind) >= 2 and len(said) <= LONGEST_NAME
    if kind.endswith(("局", "委")) and not _BUREAU.fullmatch(said):
        return None
    return said if said.endswith(kind) and long_enough and own else None


def _ends(word: str, tag: str) -> bool:
    """Say whether a word ends what stands before a name: a verb, a pronoun, a time."""
    known = _words()
    verb = tag == "v" and len(word) > 1 and word not in known.modifiers
    return verb or word in known.not_names or bool(_BREAKS.match(word)) or (tag[:1] in _GLUE and not _BRAND.match(word))


def _branches(plain: str) -> Iterator[tuple[int, str]]:
    """Yield a shop with its branch in brackets: 力美健身（万达店）."""
    for match in _BRANCH.finditer(plain):
        name = ""
        for word, tag in rjieba.tag(match[1]):
            name = "" if _ends(word, tag) else name + word
        if len(name) > 1:
            yield match.end(1) - len(name), name + match[2]


def _names(plain: str) -> Iterator[tuple[int, str]]:
    known = _words()
    words: list[tuple[str, str]] = []
    end = 0
    for word, tag in rjieba.tag(plain):
        end += len(word)
        if not _PART_OF_NAME.match(word):
            words = []
            continue
        before = words[-1][0] + word if words else word
        tails = ((word if length <= len(word) else before)[-length:] for length in known.lengths)
        kind = next((tail for tail in tails if tail in known.kinds), None)
        if kind is None or plain[end : end + 1] in _PLACE_BEHIND:
            words = [] if _ends(word, tag) else [*words[1 - WORDS_OF_A_NAME :], (word, tag)]
            continue
        name = _name([*words, (word, tag)], kind)
        if name:
            yield end - len(name), name
        words = [(word, "n") if name is None else (name, "n")] if kind in ("公司", "集团", "物业") else []


def find(plain: str) -> tuple[str, ...]:
    """Return the named organisations of a normalised text, in order; a bare 公司 or 学校 is none."""
    plain = plain[:LONGEST]
    found = [*_names(plain), *_branches(plain)]
    found += [(match.start(), match[0]) for match in _ABBREVIATED.finditer(plain)]
    found += [(match.start(1), match[1]) for match in _QUOTED.finditer(plain)]
    names = list(dict.fromkeys(name for _, name in sorted(found)))
    return tuple(name for name in names if not any(name != other and name in other for other in names))

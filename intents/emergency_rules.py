"""Danger that words alone tell: the rules of language in `data/emergency_rules.yaml`.

A match is looked at in its clause (negation, fear, talk about it) and in its sentence (past, over, now).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.city import read_yaml

RULES = Path(__file__).parent / "data" / "emergency_rules.yaml"
GUARDS = ("negation", "hypothesis", "habit", "past", "over", "talk")  # others where a rule asks for them
LONGEST = 12_000  # characters read; what comes after says nothing about now
LONGEST_CRY = 24  # characters
MOST_WORDS = 30  # characters shown of what was found
_CLAUSE = re.compile(r"[，。！？；,.!?;\n]")
_SENTENCE = re.compile(r"[。！？；!?;\n]")
_GAP = "[^，。！？；,.!?;\\n]"


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule found: service, situation, and the words that say so."""

    service: str
    situation: str
    words: str


@dataclass(frozen=True, slots=True)
class Cry:
    """A text that is nothing but a cry; `clear`: it says what the danger is, else it is to be asked about."""

    match: Match
    clear: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    service: str
    situation: str
    guards: frozenset[str]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Rules:
    harmless: re.Pattern[str]
    guards: dict[str, re.Pattern[str]]
    now: re.Pattern[str]
    letter: int
    earnest: re.Pattern[str]
    insists: re.Pattern[str]
    cries: tuple[tuple[re.Pattern[str], str, str, bool], ...]  # pattern, service, situation, whether it is clear
    rules: tuple[_Rule, ...]


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    raw = read_yaml(RULES)
    words: dict[str, str] = {}

    def spell(pattern: str) -> str:
        pattern = re.sub(r"<([a-z]+)>", lambda found: words[found[1]], pattern)
        return re.sub(r"<(\d+)>", lambda found: f"{_GAP}{{0,{found[1]}}}?", pattern)

    for name, pattern in raw["words"].items():
        words[name] = spell(pattern)
    around = f"(?:{raw['cries']['around']})"
    return _Rules(
        harmless=re.compile("|".join(raw["harmless"])),
        guards={name: re.compile(pattern) for name, pattern in raw["guards"].items()},
        now=re.compile(raw["now"]),
        letter=raw["letter"],
        earnest=re.compile("|".join(raw["earnest"])),
        insists=re.compile(raw["insists"]),
        cries=tuple(
            (re.compile(f"{around}*(?:(?:{each['pattern']}){around}*)+"), each["service"], each["situation"], clear)
            for name, clear in (("clear", True), ("open", False))
            for each in raw["cries"][name]
        ),
        rules=tuple(
            _Rule(
                service=rule["service"],
                situation=rule["situation"],
                guards=frozenset(rule.get("guards", GUARDS)),
                pattern=re.compile("|".join(f"(?:{spell(pattern)})" for pattern in rule["patterns"])),
            )
            for rule in raw["rules"]
        ),
    )


def _around(text: str, start: int, end: int, border: re.Pattern[str]) -> tuple[str, str]:
    """Return what stands before and after text[start:end] up to the next border."""
    before = border.split(text[:start])[-1]
    after = border.split(text[end:], maxsplit=1)[0]
    return before, after


def _is_past(rules: _Rules, told: str) -> bool:
    """Say whether the last word for the past is followed by none for now, up to the end of the match."""
    said = list(rules.guards["past"].finditer(told))
    return bool(said) and not rules.now.search(told, said[-1].end())


def _guarded(rules: _Rules, rule: _Rule, text: str, match: re.Match[str]) -> bool:
    """Say whether something around the match makes it no emergency."""
    start, end = match.span()
    before, after = _around(text, start, end, _CLAUSE)
    earlier, later = _around(text, start, end, _SENTENCE)
    now = rules.now
    if rule.service != "crisis" and len(text) >= rules.letter:
        previous = _CLAUSE.split(text[: start - len(before)].rstrip("，,"))[-1]
        if not now.search(previous + before + match[0] + after):
            return True
    if "past" in rule.guards and _is_past(rules, earlier + match[0]):
        return True
    read_in = {
        "negation": before,
        "hypothesis": before,
        "habit": before + match[0],
        "talk": after,
        "over": match[0][-8:] + later,
        "stale": earlier + match[0] + later,
        "prepared": earlier + match[0] + later,
    }
    return any(rules.guards[name].search(where) for name, where in read_in.items() if name in rule.guards)


def _matches(rules: _Rules, text: str) -> Iterator[tuple[_Rule, re.Match[str]]]:
    for rule in rules.rules:
        for match in rule.pattern.finditer(text):
            if not _guarded(rules, rule, text, match):
                yield rule, match


def find(plain: str) -> Iterator[Match]:
    """Yield what the rules find in a normalised text, in the order in which they are asked."""
    rules = _rules()
    for rule, match in _matches(rules, _blanked(rules, plain)):
        yield Match(rule.service, rule.situation, match[0].replace("〇", "").strip()[:MOST_WORDS])


def turned_away(plain: str) -> bool:
    """Say whether words of danger stand in a text, each of them guarded: denied, feared, past, over or talked about."""
    rules = _rules()
    read = _blanked(rules, plain)
    return any(rule.pattern.search(read) for rule in rules.rules) and next(_matches(rules, read), None) is None


def cry(plain: str) -> Cry | None:
    """Return what a text cries out where it is a cry and nothing else, or None."""
    if len(plain) > LONGEST_CRY:
        return None
    for pattern, service, situation, clear in _rules().cries:
        if pattern.fullmatch(plain):
            return Cry(Match(service, situation, plain), clear)
    return None


def in_earnest(plain: str) -> str:
    """Return a text without the words that say what it is not: no joke, no drill, no complaint but danger."""
    return _rules().earnest.sub("", plain)


def insists(plain: str) -> bool:
    """Say whether a text says that it is really so."""
    return bool(_rules().insists.search(plain))


def _blanked(rules: _Rules, plain: str) -> str:
    return rules.harmless.sub(lambda found: "〇" * len(found[0]), plain[:LONGEST])


def letter() -> int:
    """Return from which length on (characters) a text is a letter, which tells of much."""
    return _rules().letter


def says_now(plain: str) -> bool:
    """Say whether a normalised text has a word for now."""
    return bool(_rules().now.search(plain))

"""Does somebody need 110, 119, 120 … now? The rules of language are in `data/emergency_rules.yaml`, the services in
the city's `emergency.yaml`.

Both errors cost: a missed emergency costs a life, a false one makes the line useless for "气死我了". So a match is
looked at in its clause (negation, fear, talk about it) and in its sentence (past, over, now).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.normalise import normalise
from intents.understanding import Emergency

RULES = Path(__file__).parent / "data" / "emergency_rules.yaml"
GUARDS = ("negation", "hypothesis", "habit", "past", "over", "talk")  # others where a rule asks for them
LONGEST = 12_000  # characters read; what comes after says nothing about now
_CLAUSE = re.compile(r"[，。！？；,.!?;\n]")
_SENTENCE = re.compile(r"[。！？；!?;\n]")
_GAP = "[^，。！？；,.!?;\\n]"


@dataclass(frozen=True, slots=True)
class Situation:
    """A recognisable situation with words of its own."""

    code: str
    name: str
    instruction: str
    instruction_en: str = ""  # empty: the service's is said
    number: str = ""  # whom the instruction says to call first, where that is not the service's own number
    transfer: bool = True  # false: the instruction is enough, nobody is called to the line


@dataclass(frozen=True, slots=True)
class Service:
    """Who helps: number, what to say first, whether to transfer, other numbers to use with it."""

    code: str
    number: str
    name: str
    instruction: str
    instruction_en: str  # what to say first in English; empty where the city has none
    transfer: bool
    also: tuple[tuple[str, str], ...]  # number, name
    situations: Mapping[str, Situation]


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
    rules: tuple[_Rule, ...]


def _service(raw: dict[str, Any]) -> Service:
    return Service(
        code=raw["code"],
        number=str(raw["number"]),
        name=raw["name"],
        instruction=raw["instruction"],
        instruction_en=raw.get("instruction_en", ""),
        transfer=bool(raw["transfer"]),
        also=tuple((str(each["number"]), each["name"]) for each in raw.get("also", [])),
        situations={each["code"]: Situation(**each) for each in raw.get("situations", [])},
    )


@lru_cache(maxsize=4)
def _services(folder: Path) -> Mapping[str, Service]:
    try:
        return {raw["code"]: _service(raw) for raw in read_yaml(folder / "emergency.yaml")}
    except (KeyError, TypeError) as error:
        raise BadInput(f"emergency.yaml: a service lacks {error} or has a key too many.") from None


def services() -> Mapping[str, Service]:
    """Return the emergency services of the city by code. Raises BadInput where `emergency.yaml` is broken."""
    return _services(city().folder)


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    raw = read_yaml(RULES)
    words: dict[str, str] = {}

    def spell(pattern: str) -> str:
        pattern = re.sub(r"<([a-z]+)>", lambda found: words[found[1]], pattern)
        return re.sub(r"<(\d+)>", lambda found: f"{_GAP}{{0,{found[1]}}}?", pattern)

    for name, pattern in raw["words"].items():
        words[name] = spell(pattern)
    return _Rules(
        harmless=re.compile("|".join(raw["harmless"])),
        guards={name: re.compile(pattern) for name, pattern in raw["guards"].items()},
        now=re.compile(raw["now"]),
        letter=raw["letter"],
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


def find(text: str, *, plain: str | None = None) -> Emergency | None:
    """Return the emergency that a text reports as happening now, or None.

    `plain` is the normalised text where the caller has it. A service that the city does not have is never returned.
    """
    rules = _rules()
    read = (normalise(text) if plain is None else plain)[:LONGEST]
    read = rules.harmless.sub(lambda found: "〇" * len(found[0]), read)
    known = services()
    for rule, match in _matches(rules, read):
        if rule.service in known:
            situation = known[rule.service].situations.get(rule.situation)
            return Emergency(
                service=rule.service,
                number=(situation and situation.number) or known[rule.service].number,
                reason=match[0].replace("〇", "").strip()[:30],
                situation=situation.code if situation else None,
            )
    return None


def instruction_for(emergency: Emergency, *, english: bool = False) -> str:
    """Return what to say first: the recognised situation's instruction, or the service's general one.

    `english`: in English; "" where the city has none.
    """
    service = services()[emergency.service]
    situation = service.situations.get(emergency.situation or "")
    if english:
        return (situation.instruction_en if situation else "") or service.instruction_en
    return situation.instruction if situation else service.instruction


def transfers(emergency: Emergency) -> bool:
    """Say whether a person must come to the line: the service wants it and the situation does not say otherwise."""
    service = services()[emergency.service]
    situation = service.situations.get(emergency.situation or "")
    return service.transfer and (situation is None or situation.transfer)

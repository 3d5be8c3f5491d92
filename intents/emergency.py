"""Does somebody need 110, 119, 120 … now? Two judges: rules of language, and a model of shipped sentences (`danger`).

Both errors cost: a missed emergency costs a life, a false one makes the line useless for "气死我了". Where the two
judges leave it open, the line asks once whether anybody is in danger: that is `possible`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.encode import pinned
from intents import emergency_rules, languages
from intents.danger import danger
from intents.reading import Reading, read
from intents.understanding import Emergency

# Scores of `danger` (docs/understanding.md says how they were chosen, and what they cost and save).
ALARM = -0.5  # from here on it is an emergency whatever the rules say
BACKED = -2.0  # the same where a rule says so too
DENIED = 1.5  # the same where every word of danger is guarded: denied, feared, past, talked about
CONTRADICTED = -4.0  # from here on the line asks where a rule says danger and the model does not
OPEN = -2.0  # from here on the line asks
LETTER = 0.0  # for one piece of a letter, which must have a word for now in it too
SURE = 0.5  # probability from which a situation's own instruction is said; below it the service's general one
FEWEST_WORDS = 4  # Chinese characters or Latin words, from which a text says enough to be asked about
_WORD = re.compile(r"[\u4e00-\u9fff]|\b[a-z]{2,}\b")
_CLAUSE = re.compile(r"[^，。！？；,.!?;\n]+")


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


@dataclass(frozen=True, slots=True)
class Judgement:
    """`alarm`: an emergency; `possible`: perhaps one, to be asked about. Never both."""

    alarm: Emergency | None = None
    possible: Emergency | None = None


def judge(reading: Reading) -> Judgement:
    """Say whether a text reports an emergency as happening now, or perhaps one.

    A service that the city does not have is never returned.
    """
    return judge_all([reading])[0]


def judge_all(readings: Sequence[Reading]) -> list[Judgement]:
    """Return what `judge` says of each; their vectors are heard together."""
    if not readings:
        return []
    heard = danger().heard(np.stack([reading.vector for reading in readings]))
    return [_judge(reading, voice) for reading, voice in zip(readings, heard.tolist(), strict=True)]


def _judge(reading: Reading, heard: float) -> Judgement:
    known = services()
    ruled = next((match for match in emergency_rules.find(reading.plain) if match.service in known), None)
    if len(reading.plain) >= emergency_rules.letter():
        return _judge_letter(reading, ruled)
    score = danger().score(reading.plain, heard)
    alone = DENIED if score >= ALARM and emergency_rules.turned_away(reading.plain) else ALARM
    backed = -math.inf if languages.is_latin(reading.plain) else BACKED  # the model has learned little English
    least = backed if ruled else alone
    if score >= least:
        return Judgement(alarm=_described(reading.plain, ruled, reading.vector))
    if score < (CONTRADICTED if ruled else OPEN) or len(_WORD.findall(reading.plain)) < FEWEST_WORDS:
        return Judgement()
    return Judgement(possible=_described(reading.plain, ruled, reading.vector))


def _judge_letter(reading: Reading, ruled: emergency_rules.Match | None) -> Judgement:
    """Judge a letter by its pieces: what is danger in one of them is little in the whole."""
    if ruled:
        return Judgement(alarm=_described(reading.plain, ruled))
    telling = [piece for piece in reading.pieces if emergency_rules.says_now(piece)]
    worst = max(telling, key=danger().score, default=None)
    if worst is None or danger().score(worst) < LETTER:
        return Judgement()
    return Judgement(alarm=_described(worst, None))


def _described(plain: str, ruled: emergency_rules.Match | None, vector: NDArray[np.float32] | None = None) -> Emergency:
    """Return what is shown and said of danger: from the rule that found it, else from what the model takes it for."""
    known = services()
    if ruled:
        service, code, words = ruled.service, ruled.situation, ruled.words
    else:
        ranked = [each for each in danger().situations(plain, vector) if each[0] in known]
        service, code = ranked[0][0], ranked[0][1] if ranked[0][2] >= SURE else ""
        words = _loudest(plain)
    situation = known[service].situations.get(code)
    return Emergency(
        service=service,
        number=(situation and situation.number) or known[service].number,
        reason=words,
        situation=situation.code if situation else None,
    )


def _loudest(plain: str) -> str:
    """Return the clause that speaks most for danger."""
    spans = [match.span() for match in _CLAUSE.finditer(plain)] or [(0, len(plain))]
    start, end = danger().loudest(plain, spans)
    return plain[start:end].strip()[: emergency_rules.MOST_WORDS]


@pinned()
def find(text: str) -> Emergency | None:
    """Return the emergency that a text reports as happening now, or None."""
    return judge(read(text)).alarm


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

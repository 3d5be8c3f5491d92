"""Does somebody need 110, 119, 120 … now? Two judges: rules of language, and a model of shipped sentences (`danger`).

Both errors cost: a missed emergency costs a life, a false one makes the line useless for "气死我了". Where the two
judges leave it open, the line asks once whether anybody is in danger: that is `possible`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.encode import pinned
from intents import emergency_rules, languages
from intents.danger import danger
from intents.reading import Reading, read, read_all
from intents.understanding import Emergency

# Scores of `danger` (docs/understanding.md says how they were chosen, and what they cost and save).
ALARM = -0.5  # from here on it is an emergency whatever the rules say
FAINT = 1.0  # up to here it is a faint one, where no rule says so
BACKED = -2.0  # the same where a rule says so too
DENIED = 1.5  # the same where every word of danger is guarded: denied, feared, past, talked about
CONTRADICTED = -4.0  # from here on the line asks where a rule says danger and the model does not
OPEN = -2.0  # from here on the line asks
# For what is judged alone out of a longer text: one sentence, or a few clauses of a long one.
PART = 2.0  # from here on it is an emergency
PART_BACKED = 1.0  # the same where a rule says so too or it has a word for now
PART_OPEN = -0.5  # from here on the line asks
WORTH = -1.0  # by its grams alone; from here on a part is worth encoding
MOST_PARTS = 3  # encoded of one text
SENTENCE = 60  # characters; a longer one is judged a few clauses at a time
CLAUSES = 3
SURE = 0.5  # probability from which a situation's own instruction is said; below it the service's general one
FEWEST_WORDS = 4  # Chinese characters or Latin words, from which a text says enough to be asked about
SHORT = 6  # characters up to which a text is an answer to something: only a rule may call it danger
_WORD = re.compile(r"[\u4e00-\u9fff]|\b[a-z]{2,}\b")
_CLAUSE = re.compile(r"[^，。！？；,.!?;\n]+")
_SENTENCE = re.compile(r"[^。！？；!?;\n]+")


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
    readings = _in_earnest(readings)
    scored = _scored(readings)
    ruled = [_ruled(each.plain) for each in readings]
    first = [_judge(*each) for each in zip(scored, ruled, strict=True)]
    parts = [_parts(each) if judged.alarm is None else [] for each, judged in zip(readings, first, strict=True)]
    alone = iter(_scored(read_all([part for each in parts for part in each])))
    found = []
    for judged, row in zip(first, parts, strict=True):
        worst = max(islice(alone, len(row)), key=lambda each: each.score, default=None)
        found.append(_judge_part(worst, judged) if worst else judged)
    return found


@dataclass(frozen=True, slots=True)
class _Scored:
    """A text or a part of one, and how much it speaks for danger now."""

    plain: str
    vector: NDArray[np.float32]
    score: float


def _in_earnest(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings, those anew that say that they are no joke, no drill, no complaint: without these words."""
    meant = [emergency_rules.in_earnest(each.plain) for each in readings]
    changed = [row for row, each in enumerate(readings) if meant[row] != each.plain]
    anew = dict(zip(changed, read_all([meant[row] for row in changed]), strict=True)) if changed else {}
    return [anew.get(row, each) for row, each in enumerate(readings)]


def _scored(readings: Sequence[Reading]) -> list[_Scored]:
    if not readings:
        return []
    heard = danger().heard(np.stack([each.vector for each in readings])).tolist()
    return [
        _Scored(each.plain, each.vector, danger().score(each.plain, voice))
        for each, voice in zip(readings, heard, strict=True)
    ]


def _ruled(plain: str) -> emergency_rules.Match | None:
    known = services()
    return next((match for match in emergency_rules.find(plain) if match.service in known), None)


def _judge(said: _Scored, ruled: emergency_rules.Match | None) -> Judgement:
    """Judge a whole text; a letter only by the rules."""
    plain = said.plain
    if cried := emergency_rules.cry(plain):
        described = _described(plain, cried.match, said.vector)
        return Judgement(alarm=described) if cried.clear else Judgement(possible=described)
    if len(plain) >= emergency_rules.letter():
        return Judgement(alarm=_described(plain, ruled)) if ruled else Judgement()
    alone = DENIED if said.score >= ALARM and emergency_rules.turned_away(plain) else ALARM
    if len(plain) <= SHORT:
        alone = math.inf
    backed = -math.inf if languages.is_latin(plain) else BACKED  # the model has learned little English
    if said.score >= (backed if ruled else alone):
        return Judgement(alarm=_described(plain, ruled, said.vector, sure=ruled is not None or said.score >= FAINT))
    contradicted = -math.inf if emergency_rules.insists(plain) else CONTRADICTED
    opened = ALARM if len(plain) <= SHORT else OPEN
    if said.score < (contradicted if ruled else opened) or len(_WORD.findall(plain)) < FEWEST_WORDS:
        return Judgement()
    return Judgement(possible=_described(plain, ruled, said.vector))


def _parts(reading: Reading) -> list[str]:
    """Return what of a text may tell of danger alone, the likeliest first: what surrounds it would drown it."""
    found: set[str] = set()
    for sentence in _SENTENCE.findall(reading.plain[: emergency_rules.LONGEST]):
        if len(sentence) <= SENTENCE:
            found.add(sentence.strip())
            continue
        spans = [clause.span() for clause in _CLAUSE.finditer(sentence)]
        for row in range(max(len(spans) - CLAUSES, 0) + 1):
            found.add(sentence[spans[row][0] : spans[row : row + CLAUSES][-1][1]].strip())
    scores = {part: danger().score(part) for part in found if SHORT < len(part) < len(reading.plain) - SHORT}
    return sorted((part for part in scores if scores[part] >= WORTH), key=lambda part: (-scores[part], part))[
        :MOST_PARTS
    ]


def _judge_part(part: _Scored, whole: Judgement) -> Judgement:
    """Judge the part that speaks most for danger; `whole`: what was found in all of it, no alarm."""
    ruled = _ruled(part.plain)
    backed = ruled is not None or emergency_rules.says_now(part.plain)
    if part.score >= (DENIED if emergency_rules.turned_away(part.plain) else PART_BACKED if backed else PART):
        return Judgement(alarm=_described(part.plain, ruled, part.vector))
    if part.score < PART_OPEN or whole.possible:
        return whole
    return Judgement(possible=_described(part.plain, ruled, part.vector))


def _described(
    plain: str,
    ruled: emergency_rules.Match | None,
    vector: NDArray[np.float32] | None = None,
    *,
    sure: bool = True,
) -> Emergency:
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
        sure=sure,
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

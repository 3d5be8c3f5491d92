"""How well danger is recognised in sentences that nothing was learned from: alarms, questions, misses."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput
from intents import emergency, labelled
from intents.reading import read
from intents.understanding import Emergency

TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled sentence and what the line made of it; `service`: who helps first, None where nobody need."""

    text: str
    set: str
    service: str | None
    kind: str
    alarm: Emergency | None
    possible: Emergency | None


def judge(path: Path) -> list[Judged]:
    """Judge each line of a JSONL file with text, service (or null), kind and, if it has any, set.

    Raises BadInput, naming file and line, where a line is broken or names a service that the city has not, and where
    there is none.
    """
    found = []
    for number, row in labelled.rows(path):
        text, service, kind, name = row.get("text"), row.get("service"), row.get("kind"), row.get("set", "all")
        if not (isinstance(text, str) and isinstance(kind, str) and isinstance(name, str) and "service" in row):
            raise BadInput(f"{path}, line {number}: expected text, service (or null), kind and, if it has any, set.")
        if service is not None and service not in list(emergency.services()):
            raise BadInput(f"{path}, line {number}: {service!r} is none of {', '.join(emergency.services())}, null.")
        if name == TOGETHER:
            raise BadInput(f"{path}, line {number}: a set cannot be called “{TOGETHER}”, which means all of them.")
        judgement = emergency.judge(read(text))
        found.append(Judged(text, name, service, kind, judgement.alarm, judgement.possible))
    if not found:
        raise BadInput(f"{path} has no line to judge.")
    return found


def figures(judged: Iterable[Judged]) -> dict[str, Any]:
    """Return per set, and for all together, what `_set` counts."""
    sets: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        sets[each.set].append(each)
        sets[TOGETHER].append(each)
    return {name: _set(rows) for name, rows in sorted(sets.items())}


def _set(rows: list[Judged]) -> dict[str, Any]:
    """Count alarms and questions; `recall`: alarms of the dangers, `found`: with those that are asked about."""
    danger = [row for row in rows if row.service]
    safe = [row for row in rows if not row.service]
    alarmed = [row for row in danger if row.alarm]
    right = sum(row.alarm is not None and row.alarm.service == row.service for row in alarmed)
    helpful = sum(row.alarm is not None and row.service in _called(row.alarm) for row in alarmed)
    situations = [row for row in alarmed if row.alarm and row.alarm.situation]
    return {
        "dangers": len(danger),
        "recall": _share(len(alarmed), len(danger)),
        "found": _share(len(alarmed) + sum(row.possible is not None for row in danger), len(danger)),
        "harmless": len(safe),
        "false_alarms": _share(sum(row.alarm is not None for row in safe), len(safe)),
        "asked_needlessly": _share(sum(row.possible is not None for row in safe), len(safe)),
        "service_right": _share(right, len(alarmed)),
        "service_right_or_called_too": _share(helpful, len(alarmed)),
        "situation_said": _share(len(situations), len(alarmed)),
        "situation_right": _share(
            sum(row.alarm is not None and row.alarm.situation == row.kind for row in situations), len(situations)
        ),
        "missed_by_service": _missed(danger),
        "false_alarms_by_kind": dict(sorted(Counter(row.kind for row in safe if row.alarm).items())),
    }


def _called(alarm: Emergency) -> set[str]:
    """Return the services that the alarm's instruction calls: its own and those whose numbers it names too."""
    known = emergency.services()
    numbers = {alarm.number, *(number for number, _ in known[alarm.service].also)}
    return {alarm.service} | {code for code, service in known.items() if service.number in numbers}


def _missed(danger: list[Judged]) -> dict[str, str]:
    missed = Counter(row.service for row in danger if not (row.alarm or row.possible))
    return {
        str(service): f"{missed[service]}/{count}"
        for service, count in sorted(Counter(row.service for row in danger).items(), key=lambda each: str(each[0]))
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0

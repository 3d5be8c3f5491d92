"""What the pages show of a judgement: an alarm, a route of the law, a category and departments, with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.pages import choices
from admin.staff.pages.intake import Intake
from admin.staff.tickets import reading
from admin.staff.tickets.views import CandidateView
from bot.engine.matters import brief
from core.city import city
from intents import Emergency, Understanding, categories, emergency, statutory_routes
from intents.statutory_routes import Route
from routing.models import Ticket


@dataclass(frozen=True, slots=True)
class Alarm:
    """An emergency as an agent reads it: names for codes, whom to call, what to say first, what alarmed."""

    service: str
    number: str
    situation: str
    reason: str
    say: str
    place: str = ""
    also: str = ""  # other numbers, each with its name


def alarm(found: Mapping[str, Any] | None, *, said: str = "") -> Alarm | None:
    """Return the alarm of a conversation's state or of an understanding. `said`: what a cry for help was answered."""
    if not found:
        return None
    service = emergency.services().get(found.get("service") or "")
    if service is None:  # a cry for help, of which nothing is known yet
        return Alarm("", found["number"], "", found["reason"], said, found.get("place", ""))
    situation = service.situations.get(found.get("situation") or "")
    asked = Emergency(service.code, found["number"], found["reason"], situation.code if situation else None)
    return Alarm(
        service=service.name,
        number=found["number"],
        situation=situation.name if situation else "",
        reason=found["reason"],
        say=emergency.instruction_for(asked),
        place=found.get("place", ""),
        also="、".join(f"{number}（{name}）" for number, name in service.also if number != found["number"]),
    )


def alarm_of(context: Mapping[str, Any]) -> Alarm | None:
    """Return the alarm of a conversation, with what the citizen was told."""
    told = [each["text"] for each in context["messages"] if each["why"].get("rule") == "cry"]
    return alarm(context["alarm"], said=told[-1] if told else "")


def examples(texts: Sequence[str], own: str) -> list[tuple[str, str]]:
    """Return examples, each with the name of the category that it is an example of; first those of the `own` one."""
    names = _example_names(city().folder)
    return sorted(((text, names.get(text, "")) for text in texts), key=lambda each: each[1] != own)


@lru_cache(maxsize=2)
def _example_names(_folder: Path) -> dict[str, str]:
    return {text: leaf.name for leaf in categories.tree().leaves() for text in leaf.examples}


@dataclass(frozen=True, slots=True)
class Judged:
    """What 自动识别 found: alarms and routes first, then what speaks for category and department."""

    alarm: Alarm | None
    possible: Alarm | None
    route: Route | None
    understanding: dict[str, Any]
    candidates: list[CandidateView]


async def judged(session: AsyncSession, intake: Intake, understood: Understanding) -> Judged:
    """Return what an account is, with the departments that its ticket would be sent to."""
    district, street = choices.area_of(intake.area)
    draft = Ticket(
        title=intake.title,
        description=intake.description,
        category=intake.category or None,
        district=district,
        street=street,
    )
    return Judged(
        alarm=alarm(_found(understood.emergency)),
        possible=alarm(_found(understood.possible_emergency)),
        route=statutory_routes.routes().get(understood.statutory or ""),
        understanding=brief(understood),
        candidates=await reading.candidates(session, draft),
    )


def _found(danger: Emergency | None) -> dict[str, Any] | None:
    if danger is None:
        return None
    return {key: getattr(danger, key) for key in ("service", "number", "situation", "reason")}

"""Moments and questions as citizens read them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.city import city
from core.settings import settings
from routing import clock_rows, timing
from routing.messages import say
from routing.models import Ticket
from routing.policy import ClockKind

QUESTIONS = ("contacted", "solved", "satisfied")


def moment_words(moment: datetime, locale: str | None = None) -> str:
    """Return a moment in the city's zone, as 11月24日17:30; `locale`: None for the setting."""
    local = clock.local(moment, city().time_zone)
    values = {"month": local.month, "month_name": f"{local:%B}", "day": local.day, "time": f"{local:%H:%M}"}
    return say("moment", locale or settings().locale, **values)


async def due_words(session: AsyncSession, ticket: Ticket, locale: str | None = None) -> str:
    """Return by when the ticket is to be done, with a word of warning where a calendar is not known yet."""
    locale = locale or settings().locale
    resolve = (await timing.running(session, ticket)).get(ClockKind.RESOLVE)
    if resolve is None:
        return say("due.none", locale)
    if clock_rows.state_of(resolve, clock.now()) is clock_rows.ClockState.PAUSED:
        return say("due.paused", locale)
    key = "due.provisional" if resolve.provisional else "due.by"
    return say(key, locale, moment=moment_words(resolve.due_at, locale))


def survey_questions() -> list[dict[str, str]]:
    """Return the three questions of the callback (三率)."""
    return [{"key": key, "text": say(f"question.{key}", settings().locale)} for key in QUESTIONS]

"""Moments and questions as citizens read them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.city import city
from core.settings import settings
from routing import clock_rows, timing
from routing.messages import say
from routing.models import Ticket
from routing.policy import ClockKind
from routing.tree import tree

QUESTIONS = ("contacted", "solved", "satisfied")


def moment_words(moment: datetime, locale: str | None = None) -> str:
    """Return a moment in the city's zone, as 11月24日17:30, with the year where it is not this one.

    `locale`: None for the setting.
    """
    local, today = (clock.local(each, city().time_zone) for each in (moment, clock.now()))
    values = {"month": local.month, "month_name": f"{local:%B}", "day": local.day, "time": f"{local:%H:%M}"}
    key = "moment" if local.year == today.year else "moment.other_year"
    return say(key, locale or settings().locale, year=local.year, **values)


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


async def vote_words(session: AsyncSession, ticket: Ticket, locale: str | None = None) -> str:
    """Return what a citizen reads who has just answered the three questions: thanks, and what follows from it.

    The only word about it that they get (`callbacks.survey`). `locale`: None for the setting.
    """
    locale = locale or settings().locale
    last = (await ledger.history(session, f"ticket:{ticket.number}"))[-1].kind.removeprefix("ticket.")
    if last == "rated":
        return say("vote.rated", locale)
    department = tree().get(ticket.lead).short_name if ticket.lead else ""
    due = await due_words(session, ticket, locale)
    return say(f"vote.{last}", locale, number=ticket.number, department=department, due=due)


def survey_questions() -> list[dict[str, str]]:
    """Return the three questions of the callback (三率)."""
    return [{"key": key, "text": say(f"question.{key}", settings().locale)} for key in QUESTIONS]

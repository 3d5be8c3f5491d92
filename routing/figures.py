"""The rates that a hotline is measured by (`domain.md`: 三率, first dispatch, time, returns)."""

from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.city import city
from core.errors import BadInput
from routing.messages import say
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind
from routing.rules import rules


async def rates(session: AsyncSession, *, start: date, end: date) -> dict[str, Any]:
    """Return counts and rates (0 to 1, None where there is nothing to divide by) of the tickets opened from `start` to
    `end`, both days of the city's calendar and both included.

    response_rate, solution_rate, satisfaction_rate: yes-answers ÷ surveyed tickets; first_dispatch_accuracy: dispatched
    tickets whose first department was right; on_time_rate: resolve clocks met in time ÷ those met or run out;
    return_rate: dispatched tickets that a department objected to. Raises BadInput when `end` lies before `start`, or
    either in the first or last year that there is.
    """
    if end < start:
        raise BadInput(say("refused.days"))
    if start.year == MINYEAR or end.year == MAXYEAR:  # their moments in UTC may lie outside what a date can say
        raise BadInput(say("refused.far_days"))
    opened = _opened_within(start, end)
    surveyed, dispatched = Ticket.surveyed_at.is_not(None), Ticket.dispatched_at.is_not(None)
    counted = await _counts(
        session,
        opened,
        [
            Ticket.id.is_not(None),
            dispatched,
            Ticket.state == "closed",
            surveyed,
            and_(surveyed, Ticket.contacted.is_(True)),
            and_(surveyed, Ticket.solved.is_(True)),
            and_(surveyed, Ticket.satisfied >= rules().survey.satisfied_from),
            and_(dispatched, ~Ticket.misdispatched),
            and_(dispatched, Ticket.returns > 0),
            Ticket.reopened > 0,
        ],
    )
    tickets, sent, closed, asked, contacted, solved, satisfied, right, returned, reopened = counted
    in_time, ended = await _resolve_clocks(session, opened)
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "opened": tickets,
        "dispatched": sent,
        "closed": closed,
        "surveyed": asked,
        "reopened": reopened,
        "response_rate": _rate(contacted, asked),
        "solution_rate": _rate(solved, asked),
        "satisfaction_rate": _rate(satisfied, asked),
        "first_dispatch_accuracy": _rate(right, sent),
        "on_time_rate": _rate(in_time, ended),
        "return_rate": _rate(returned, sent),
    }


def _opened_within(start: date, end: date) -> ColumnElement[bool]:
    zone = ZoneInfo(city().time_zone)
    begins = datetime.combine(start, time(), zone)
    ends = datetime.combine(end + timedelta(days=1), time(), zone)
    return and_(Ticket.opened_at >= begins, Ticket.opened_at < ends)


async def _counts(
    session: AsyncSession, opened: ColumnElement[bool], conditions: Sequence[ColumnElement[bool]]
) -> list[int]:
    row = (await session.execute(select(*(func.count().filter(each) for each in conditions)).where(opened))).one()
    return [int(value) for value in row]


async def _resolve_clocks(session: AsyncSession, opened: ColumnElement[bool]) -> tuple[int, int]:
    in_time = TicketClock.met_at <= TicketClock.due_at
    not_paused = or_(TicketClock.paused_at.is_(None), TicketClock.paused_at > TicketClock.due_at)
    ended = or_(TicketClock.met_at.is_not(None), and_(not_paused, TicketClock.due_at < clock.now()))
    statement = (
        select(func.count().filter(in_time), func.count().filter(ended))
        .join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(opened, TicketClock.kind == ClockKind.RESOLVE, TicketClock.void_at.is_(None))
    )
    met, total = (await session.execute(statement)).one()
    return int(met), int(total)


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None

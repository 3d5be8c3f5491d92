"""The tickets behind a number. The sums of days say on which day a page begins, so any page costs the same."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from routing.figures.definitions import Figure, get
from routing.figures.tables import ALL, DIMENSIONS, NO, YES, FigureReason, column_name, figure_days, ticket_facts
from routing.messages import say
from routing.models import Ticket

PARTS = ("numerator", "denominator", "excluded")
EXPORTED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One ticket behind a number; `counts_as`: yes, no, or the code of the reason for which it is excluded."""

    number: str
    title: str
    state: str
    request_type: str
    category: str | None
    department: str | None
    district: str | None
    channel: str
    opened_at: datetime
    counts_as: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of tickets, newest day first; `total`: how many there are, which is the number itself."""

    entries: list[Entry]
    total: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Which number is opened: a figure's part in a time, of one department …, and of one reason for being excluded."""

    figure: str
    part: str
    start: date
    end: date
    dimension: str = ALL
    value: str = ""
    reason: str = ""

    def checked(self) -> Figure:
        """Return the figure. Raises BadInput where there is no such number."""
        figure = get(self.figure)
        wrong = figure is None or self.part not in PARTS or self.dimension not in (ALL, *DIMENSIONS)
        if figure is None or wrong or (not figure.share and self.part != "numerator"):
            raise BadInput(say("refused.figure"))
        if self.end < self.start:
            raise BadInput(say("refused.days"))
        return figure


async def page(session: AsyncSession, asked: Asked, *, limit: int = 50, skip: int = 0) -> Page:
    """Return the tickets behind a number. Raises BadInput where there is no such number."""
    asked.checked()
    days = await _days(session, asked)
    total = sum(count for _, count in days)
    wanted: list[date] = []
    offset = passed = 0
    for day, count in days:
        if passed + count > skip and passed < skip + limit:
            offset = offset if wanted else skip - passed
            wanted.append(day)
        passed += count
    statement = _entries(asked).where(ticket_facts.c.day == func.any(wanted)).limit(limit).offset(offset)
    return Page([Entry(*row) for row in await session.execute(statement)] if wanted else [], total)


async def reasons(session: AsyncSession, asked: Asked) -> dict[str, int]:
    """Return how many tickets the figure excludes for each reason, most first."""
    asked.checked()
    total = func.sum(FigureReason.number)
    statement = (
        select(FigureReason.reason, total)
        .where(
            FigureReason.dimension == asked.dimension,
            FigureReason.value == asked.value,
            FigureReason.figure == asked.figure,
            FigureReason.day.between(asked.start, asked.end),
        )
        .group_by(FigureReason.reason)
        .having(total > 0)
        .order_by(total.desc())
    )
    return {reason: int(count) for reason, count in await session.execute(statement)}


async def export(session: AsyncSession, asked: Asked) -> AsyncIterator[Entry]:
    """Yield every ticket behind a number. What is written out of it must leave the titles, which are people's words."""
    asked.checked()
    for day, _ in await _days(session, asked):
        statement = _entries(asked).where(ticket_facts.c.day == day)
        rows = await session.stream(statement.execution_options(yield_per=EXPORTED_AT_ONCE))
        async for row in rows:
            yield Entry(*row)


async def _days(session: AsyncSession, asked: Asked) -> list[tuple[date, int]]:
    """Return the days on which there are such tickets, newest first, with how many."""
    if asked.part == "excluded" and asked.reason:
        known: Any = FigureReason
        count: Any = FigureReason.number
        narrowed = [FigureReason.figure == asked.figure, FigureReason.reason == asked.reason]
    else:
        known, narrowed = figure_days.c, []
        yes = known[column_name(asked.figure, YES)]
        count = {
            "numerator": lambda: yes,
            "denominator": lambda: yes + known[column_name(asked.figure, NO)],
            "excluded": lambda: known[column_name(asked.figure, "excluded")],
        }[asked.part]()
    statement = (
        select(known.day, count)
        .where(
            known.dimension == asked.dimension,
            known.value == asked.value,
            known.day.between(asked.start, asked.end),
            count > 0,
            *narrowed,
        )
        .order_by(known.day.desc())
    )
    return [(day, int(number)) for day, number in await session.execute(statement)]


def _entries(asked: Asked) -> Any:
    outcome = ticket_facts.c[asked.figure]
    narrowed: ColumnElement[bool] = true() if asked.dimension == ALL else ticket_facts.c[asked.dimension] == asked.value
    if asked.part == "excluded":
        is_it = outcome == asked.reason if asked.reason else outcome.not_in((YES, NO))
    else:
        is_it = outcome == YES if asked.part == "numerator" else outcome.in_((YES, NO))
    return (
        select(
            Ticket.number,
            Ticket.title,
            Ticket.state,
            Ticket.request_type,
            Ticket.category,
            Ticket.lead,
            Ticket.district,
            Ticket.channel,
            Ticket.opened_at,
            outcome,
        )
        .join(ticket_facts, ticket_facts.c.ticket_id == Ticket.id)
        .where(is_it, narrowed)
        .order_by(ticket_facts.c.day.desc(), ticket_facts.c.ticket_id.desc())
    )

"""Counts and rates of a time, whole or in parts, out of the sums of its days."""

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Permission
from core.errors import BadInput, Forbidden
from routing.figures.definitions import COUNTS, RATES
from routing.figures.tables import ALL, DIMENSIONS, NO, SUMS, YES, FigureState, column_name, figure_days
from routing.messages import say

DAY = "day"


async def rates(
    session: AsyncSession, *, start: date, end: date, dimension: str = ALL, value: str = ""
) -> dict[str, Any]:
    """Return counts and rates (0 to 1, None where there is nothing to divide by) of the tickets opened from `start` to
    `end`, both days of the city's calendar and both included; `dimension`, `value`: of those of one department, ….

    `parts` holds numerator, denominator and how many are excluded, for each rate; `as_of`: up to when changes are
    counted. What each is stands in `routing.figures.definitions`. Raises BadInput when `end` lies before `start`,
    or either in the first or last year that there is, or the dimension is none.
    """
    _check(start, end, dimension)
    row = (await session.execute(_sums(start, end, dimension, value))).mappings().one()
    state = await session.get(FigureState, 1)
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "as_of": state.as_of.isoformat() if state else None,
        **_shown(row),
    }


async def before(
    session: AsyncSession, *, start: date, end: date, dimension: str = ALL, value: str = ""
) -> dict[str, Any]:
    """Return the same of the time before, as many days long. Raises BadInput as `rates`."""
    _check(start, end, dimension)
    length = end - start + timedelta(days=1)
    if start - date.min <= length + timedelta(days=366):
        raise BadInput(say("refused.far_days"))
    return await rates(session, start=start - length, end=end - length, dimension=dimension, value=value)


async def parts(
    session: AsyncSession, *, start: date, end: date, by: str, dimension: str = ALL, value: str = ""
) -> list[dict[str, Any]]:
    """Return the same for each department, district, first-level category, channel or day, most tickets first (days in
    their order); each with its `value`. `dimension` and `value` narrow days only."""
    _check(start, end, dimension)
    if by not in (*DIMENSIONS, DAY):
        raise BadInput(say("refused.dimension"))
    known = figure_days.c
    of = (known.dimension == (dimension if by == DAY else by),)
    narrowed = (known.value == value,) if by == DAY else ()
    key = known.day if by == DAY else known.value
    statement = (
        select(key.label("value"), *(func.sum(known[name]).label(name) for name in SUMS))
        .where(*of, *narrowed, _between(start, end))
        .group_by(key)
        .order_by(known.day if by == DAY else func.sum(known[column_name("opened", YES)]).desc())
    )
    rows = (await session.execute(statement)).mappings().all()
    return [{"value": str(row["value"]), **_shown(row)} for row in rows if row[column_name("opened", YES)]]


def scope(actor: Actor, dimension: str, value: str) -> tuple[str, str]:
    """Return what the actor may see of what is asked for: supervisors all, a department its own tickets.

    Raises Forbidden for anybody else, and for a department that asks for another's.
    """
    if actor.may(Permission.TICKET_RULE):
        return dimension, value
    if actor.department is None or (dimension, value) not in ((ALL, ""), ("department", actor.department)):
        raise Forbidden(say("refused.permission"))
    return "department", actor.department


def _check(start: date, end: date, dimension: str) -> None:
    if end < start:
        raise BadInput(say("refused.days"))
    if start.year == MINYEAR or end.year == MAXYEAR:  # their moments in UTC may lie outside what a date can say
        raise BadInput(say("refused.far_days"))
    if dimension not in (ALL, *DIMENSIONS):
        raise BadInput(say("refused.dimension"))


def _sums(start: date, end: date, dimension: str, value: str) -> Any:
    known = figure_days.c
    return select(*(func.coalesce(func.sum(known[name]), 0).label(name) for name in SUMS)).where(
        known.dimension == dimension, known.value == value, _between(start, end)
    )


def _between(start: date, end: date) -> ColumnElement[bool]:
    # The days stand in the statement: planned without them, it is planned for few rows, and sorts a year of them.
    first: BindParameter[date] = bindparam(None, start, literal_execute=True)
    last: BindParameter[date] = bindparam(None, end, literal_execute=True)
    return figure_days.c.day.between(first, last)


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    counts = {code: int(row[column_name(code, YES)]) for code in COUNTS}
    made = {}
    for code in RATES:
        yes, no, excluded = (int(row[column_name(code, part)]) for part in (YES, NO, "excluded"))
        made[code] = {"numerator": yes, "denominator": yes + no, "excluded": excluded}
    return counts | {code: _rate(**each) for code, each in made.items()} | {"parts": made}


def _rate(numerator: int, denominator: int, excluded: int) -> float | None:
    return round(numerator / denominator, 4) if denominator else None

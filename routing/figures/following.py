"""From changed tickets to figures: what each counts as now, and the sums of its day.

One follower at a time, whoever comes first. It takes away from the sums what the changed tickets counted as, reads them
anew and adds that: the sums are always those of `ticket_facts`, and the work is that of what changed.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Date, String, Subquery, case, cast, column, func, literal, select, text, true, union_all, values
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.city import city
from core.database import transaction
from routing.figures.definitions import FIGURES, Figure
from routing.figures.facts import Facts, excluded, facts
from routing.figures.tables import (
    ALL,
    DIMENSIONS,
    NO,
    SUMS,
    YES,
    FigureExclusion,
    FigureReason,
    FigureState,
    column_name,
    figure_days,
    ticket_facts,
)
from routing.models import Ticket

BATCH = 5000  # tickets a transaction
SECONDS = 3
# A transaction may commit this much later than the moment that it wrote; what came later still is found by the hour.
OVERLAP = timedelta(minutes=2)


@jobs.sweep("figures.follow", seconds=SECONDS)
async def sweep() -> None:
    """Count what changed since the last time."""
    await catch_up()


@jobs.sweep("figures.settle", seconds=3600)
async def settle() -> None:
    """Compare every ticket with what was counted: finds what was written with a clock that was set back."""
    await catch_up(everything=True)


async def catch_up(*, everything: bool = False) -> None:
    """Follow in as many transactions as it takes."""
    counted = BATCH
    while counted == BATCH:
        async with transaction() as session:
            counted = await follow(session, everything=everything)


async def follow(session: AsyncSession, *, everything: bool = False, most: int = BATCH) -> int:
    """Count up to `most` changed tickets anew and return how many; 0 also where another follower is at it.

    `everything`: look at every ticket, not only at those changed since the last time.
    """
    if not await session.scalar(text("select pg_try_advisory_xact_lock(hashtextextended('figures.follow', 1))")):
        return 0
    now = clock.now()
    state = await session.get(FigureState, 1)
    changed = await _changed(session, None if everything or state is None else state, most)
    ids = [id for id, _ in changed]
    if ids:
        await _sum(session, ids, sign=-1)
        await _read(session, ids)
        await _sum(session, ids, sign=1)
    # Behind a full batch more is waiting: the sums are as of then no later than its last change.
    full = len(ids) == most
    await _remember(session, state, as_of=changed[-1][1] if full else now, now=now, whole=not full)
    return len(ids)


async def _changed(session: AsyncSession, state: FigureState | None, most: int) -> list[tuple[int, Any]]:
    known = ticket_facts.c
    stale = (
        select(Ticket.id, Ticket.changed_at)
        .outerjoin(ticket_facts, known.ticket_id == Ticket.id)
        .where(known.changed_at.is_distinct_from(Ticket.changed_at))
        .order_by(Ticket.changed_at)
        .limit(most)
    )
    if state is not None:
        stale = stale.where(Ticket.changed_at >= state.changed_to - OVERLAP)
    found = [(id, at) for id, at in await session.execute(stale)]
    if len(found) < most:
        lapsed = select(known.ticket_id, known.due_at).where(known.due_at < clock.now()).limit(most - len(found))
        seen = {id for id, _ in found}
        found += [(id, at) for id, at in await session.execute(lapsed) if id not in seen]
    return found


async def _remember(session: AsyncSession, state: FigureState | None, *, as_of: Any, now: Any, whole: bool) -> None:
    if state is None:
        state = FigureState(id=1, changed_to=as_of, as_of=as_of)
        session.add(state)
    state.as_of = as_of
    if whole:
        state.changed_to = max(state.changed_to, now) if state.changed_to <= now else now
    else:
        state.changed_to = as_of
    await session.flush()


async def _read(session: AsyncSession, ids: Sequence[int]) -> None:
    """Write what the tickets count as now."""
    made = facts()
    read = {
        "ticket_id": Ticket.id,
        "changed_at": Ticket.changed_at,
        "due_at": made.due_at,
        "day": cast(func.timezone(city().time_zone, Ticket.opened_at), Date),
        "department": func.coalesce(Ticket.lead, ""),
        "district": func.coalesce(Ticket.district, ""),
        "category": func.split_part(func.coalesce(Ticket.category, ""), ".", 1),
        "channel": Ticket.channel,
    } | {figure.code: _counts_as(figure, made) for figure in FIGURES}
    source = (
        select(*(value.label(name) for name, value in read.items()))
        .select_from(Ticket)
        .outerjoin(made.clocks, true())
        .outerjoin(FigureExclusion, FigureExclusion.ticket_id == Ticket.id)
        .where(Ticket.id == func.any(list(ids)))
    )
    statement = insert(ticket_facts).from_select(list(read), source)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["ticket_id"], set_={name: statement.excluded[name] for name in read if name != "ticket_id"}
        )
    )


def _counts_as(figure: Figure, made: Facts) -> Any:
    asked, counted = figure.asked(made), figure.counted(made)
    if not figure.share:
        return case((counted, literal(YES)))
    reason = excluded(figure.code)
    may_be = (figure.excludable or figure.asked)(made)
    return case(
        (reason.is_not(None) & may_be, reason), (asked & counted, literal(YES)), (asked, literal(NO)), else_=None
    )


async def _sum(session: AsyncSession, ids: Sequence[int], *, sign: int) -> None:
    """Add what the tickets count as to the sums of their days, or take it away."""
    rows = _by_dimension(ids)
    keys = [rows.c.dimension, rows.c.value, rows.c.day]
    sums = [_number(rows, figure.code, part, sign) for figure in FIGURES for part in _parts(figure)]
    statement = insert(figure_days).from_select(
        ["dimension", "value", "day", *SUMS], select(*keys, *sums).group_by(*keys)
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["dimension", "value", "day"],
            set_={name: figure_days.c[name] + statement.excluded[name] for name in SUMS},
        )
    )
    shares = [figure.code for figure in FIGURES if figure.share]
    excluded_ones = union_all(
        *(
            select(*keys, literal(code).label("figure"), rows.c[code].label("reason"), (func.count() * sign).label("n"))
            .where(rows.c[code].not_in((YES, NO)))
            .group_by(*keys, rows.c[code])
            for code in shares
        )
    )
    reasons = insert(FigureReason).from_select(
        ["dimension", "value", "day", "figure", "reason", "number"], excluded_ones
    )
    await session.execute(
        reasons.on_conflict_do_update(
            index_elements=["dimension", "value", "day", "figure", "reason"],
            set_={"number": FigureReason.number + reasons.excluded.number},
        )
    )


def _by_dimension(ids: Sequence[int]) -> Subquery:
    """Return the facts of the tickets once for all of them and once for each dimension."""
    known = ticket_facts.c
    each = (
        values(column("dimension", String), column("value", String), name="dimensions")
        .data([(ALL, ""), *((name, known[name]) for name in DIMENSIONS)])
        .lateral()
    )
    return (
        select(each.c.dimension, each.c.value, known.day, *(known[figure.code] for figure in FIGURES))
        .select_from(ticket_facts)
        .join(each, true())
        .where(known.ticket_id == func.any(list(ids)))
        .subquery()
    )


def _parts(figure: Figure) -> tuple[str, ...]:
    return (YES, NO, "excluded") if figure.share else (YES,)


def _number(rows: Subquery, code: str, part: str, sign: int) -> Any:
    is_it = rows.c[code] == part if part in (YES, NO) else rows.c[code].not_in((YES, NO))
    return (func.count().filter(is_it) * sign).label(column_name(code, part))

"""The clocks of a ticket: started, met, voided, and shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import clocks
from routing.calendar import calendar
from routing.hiding import is_secret
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, sla


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"  # met, after it was due
    VOID = "void"  # no longer asked for


def state_of(row: TicketClock, at: datetime) -> ClockState:
    """Return how the clock stands at a moment."""
    if row.void_at is not None:
        return ClockState.VOID
    if row.met_at is not None:
        return ClockState.MET if row.met_at <= row.due_at else ClockState.LATE
    return ClockState.RUNNING if at <= row.due_at else ClockState.OVERDUE


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[TicketClock]:
    """Return every clock that the ticket has had, oldest first."""
    rows = await session.scalars(
        select(TicketClock).where(TicketClock.ticket_id == ticket.id).order_by(TicketClock.started_at, TicketClock.id)
    )
    return rows.all()


async def current(session: AsyncSession, ticket: Ticket) -> list[TicketClock]:
    """Return the newest clock of each kind that people follow, in the order in which they end."""
    newest = {row.kind: row for row in await of(session, ticket)}
    shown = [row for row in newest.values() if row.void_at is None and row.kind != ClockKind.RETURN]
    return sorted(shown, key=lambda row: row.due_at)


async def running(session: AsyncSession, ticket: Ticket) -> dict[str, TicketClock]:
    """Return the clocks that are neither met nor void, by kind."""
    return {row.kind: row for row in await of(session, ticket) if row.met_at is None and row.void_at is None}


async def start(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> dict[ClockKind, TicketClock]:
    """Start the clocks that the policy sets a limit for; one of the kind that runs already begins anew.

    Nobody is to contact an author whom the department may not know: that clock does not start.
    """
    now, policy = clock.now(), sla().policy
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    before = await running(session, ticket)
    started: dict[ClockKind, TicketClock] = {}
    for kind in kinds:
        limit = policy.limit(kind, request_type=ticket.request_type, urgency=ticket.urgency)
        if limit is None or (secret and kind == ClockKind.CONTACT):
            continue
        due = clocks.due(now, limit, calendar())
        row = before.get(kind) or TicketClock(ticket_id=ticket.id, kind=kind)
        row.amount, row.unit, row.policy = limit.amount, limit.unit, policy.code
        row.started_at, row.due_at, row.provisional = now, due.at, due.provisional
        row.breached_at = None
        session.add(row)
        started[kind] = row
    await session.flush()
    return started


async def recount(session: AsyncSession, ticket: Ticket) -> dict[ClockKind, TicketClock]:
    """Count the running clocks anew from when they began, for what the ticket is now; return those that moved.

    One that the policy no longer asks for is void. A breach stays marked, wherever the clock ends now.
    """
    policy = sla().policy
    moved: dict[ClockKind, TicketClock] = {}
    for name, row in (await running(session, ticket)).items():
        kind = ClockKind(name)
        limit = policy.limit(kind, request_type=ticket.request_type, urgency=ticket.urgency)
        if limit is None:
            row.void_at = clock.now()
            continue
        due = clocks.due(row.started_at, limit, calendar())
        row.amount, row.unit, row.policy = limit.amount, limit.unit, policy.code
        if row.due_at != due.at:
            moved[kind] = row
        row.due_at, row.provisional = due.at, due.provisional
    await session.flush()
    return moved


async def meet(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> None:
    """Stop the running clocks of these kinds as met."""
    for row in await _chosen(session, ticket, kinds):
        row.met_at = clock.now()
    await session.flush()


async def void(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> None:
    """Stop the running clocks of these kinds because nobody waits for them any more."""
    for row in await _chosen(session, ticket, kinds):
        row.void_at = clock.now()
    await session.flush()


async def _chosen(session: AsyncSession, ticket: Ticket, kinds: Iterable[ClockKind]) -> list[TicketClock]:
    found = await running(session, ticket)
    return [found[kind] for kind in kinds if kind in found]

"""What is due next: tickets by the running clock that ends first, and how much each department has on its hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from routing import reading
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind
from routing.workflow import FINISHED

MOST = 200

# A clock that people wait for; the department's time to object is a right, not a duty.
_WAITED_FOR = and_(TicketClock.met_at.is_(None), TicketClock.void_at.is_(None), TicketClock.kind != ClockKind.RETURN)
_NOT_PAUSED = or_(TicketClock.paused_at.is_(None), TicketClock.paused_at > TicketClock.due_at)


@dataclass(frozen=True, slots=True)
class Pending:
    """A ticket with its running clocks, the one that ends first first; none once it is closed."""

    ticket: Ticket
    clocks: tuple[TicketClock, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What a department has on its hands: tickets it leads that are not finished, and those of them that are late."""

    department: str
    open: int
    overdue: int


async def agenda(
    session: AsyncSession,
    *,
    actor: Actor,
    state: str | None = None,
    department: str | None = None,
    query: str | None = None,
    due_before: datetime | None = None,
    due_after: datetime | None = None,
    limit: int = 50,
    skip: int = 0,
) -> list[Pending]:
    """Return tickets that the actor sees, the nearest end of a clock first, those without a running clock last.

    `query` as in `tickets.listing`; `due_before`, `due_after`: only those whose next clock ends then; `skip`: how many
    to leave out, for paging.
    """
    first = (
        select(TicketClock.ticket_id, func.min(TicketClock.due_at).label("due_at"))
        .where(_WAITED_FOR, _NOT_PAUSED)
        .group_by(TicketClock.ticket_id)
        .subquery()
    )
    statement = select(Ticket).outerjoin(first, first.c.ticket_id == Ticket.id).where(reading.visible_to(actor))
    if state:
        statement = statement.where(Ticket.state == state)
    if department:
        statement = statement.where(Ticket.lead == department)
    if query and query.strip():
        statement = statement.where(reading.matches(query.strip(), actor))
    if due_before:
        statement = statement.where(first.c.due_at < due_before)
    if due_after:
        statement = statement.where(first.c.due_at >= due_after)
    statement = statement.order_by(first.c.due_at.nulls_last(), Ticket.number.desc())
    tickets = (await session.scalars(statement.limit(min(limit, MOST)).offset(skip))).all()
    return await with_clocks(session, tickets)


async def with_clocks(session: AsyncSession, tickets: Sequence[Ticket]) -> list[Pending]:
    """Return the tickets, in their order, with their running clocks."""
    rows = await session.scalars(
        select(TicketClock)
        .where(TicketClock.ticket_id.in_([ticket.id for ticket in tickets]), _WAITED_FOR)
        .order_by(TicketClock.due_at, TicketClock.id)
    )
    clocks: dict[int, list[TicketClock]] = {}
    for row in rows:
        clocks.setdefault(row.ticket_id, []).append(row)
    return [Pending(ticket=ticket, clocks=tuple(clocks.get(ticket.id, ()))) for ticket in tickets]


async def overdue(session: AsyncSession, *, actor: Actor) -> int:
    """Return how many tickets that the actor sees have a clock that ran out and is still waited for."""
    statement = select(func.count()).select_from(Ticket).where(reading.visible_to(actor), _is_overdue())
    return await session.scalar(statement) or 0


async def loads(session: AsyncSession, *, actor: Actor) -> list[Load]:
    """Return each department that leads on anything unfinished, most late ones first; of what the actor sees."""
    late = func.count().filter(_is_overdue())
    rows = await session.execute(
        select(Ticket.lead, func.count(), late)
        .where(reading.visible_to(actor), Ticket.lead.is_not(None), Ticket.state.not_in(FINISHED))
        .group_by(Ticket.lead)
        .order_by(late.desc(), func.count().desc(), Ticket.lead)
    )
    return [Load(department=lead or "", open=count, overdue=count_late) for lead, count, count_late in rows]


def _is_overdue() -> ColumnElement[bool]:
    return (
        select(TicketClock.id)
        .where(TicketClock.ticket_id == Ticket.id, _WAITED_FOR, _NOT_PAUSED, TicketClock.due_at < clock.now())
        .exists()
    )

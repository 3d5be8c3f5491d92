"""What is due next: tickets by the running clock that ends first, and how much each department has on its hands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from routing import parts, reading, timing
from routing.models import Ticket, TicketClock
from routing.parts import TicketPart
from routing.workflow import FINISHED

MOST = 200


@dataclass(frozen=True, slots=True)
class Pending:
    """A ticket with its running clocks, the one that ends first first; none once it is closed.

    `part`: what the reader's department owes on a ticket that another one leads; its own end, beside the lead's clocks.
    """

    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    part: TicketPart | None = None


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

    `state`: also one of `reading.WAITING`; `query` as in `tickets.listing`; `due_before`, `due_after`: only those whose
    next clock ends then; `skip`: how many to leave out, for paging. A co-handler's parts are in the order in which they
    end.
    """
    statement = select(Ticket.id).where(reading.visible_to(actor))
    if state in reading.WAITING:
        statement = statement.where(reading.waiting(state, actor))
    elif state:
        statement = statement.where(Ticket.state == state)
    if department:
        statement = statement.where(Ticket.lead == department)
    if query and query.strip():
        statement = statement.where(reading.matches(query.strip(), actor))
    if due_before:
        statement = statement.where(Ticket.next_due_at < due_before)
    if due_after:
        statement = statement.where(Ticket.next_due_at >= due_after)
    order: tuple[ColumnElement[Any], ...] = (Ticket.next_due_at.asc(), Ticket.number.desc())
    if state == "parts" and actor.department:
        due = select(TicketPart.due_at).where(
            TicketPart.ticket_id == Ticket.id, parts.OPEN, TicketPart.department == actor.department
        )
        order = (due.scalar_subquery(), Ticket.number.desc())
    # The page is chosen in the index; only what is on it is read.
    page = statement.order_by(*order).limit(min(limit, MOST)).offset(skip)
    tickets = (await session.scalars(select(Ticket).where(Ticket.id.in_(page)).order_by(*order))).all()
    owed = await parts.owed(session, tickets, department=actor.department) if actor.department else {}
    return [replace(each, part=owed.get(each.ticket.id)) for each in await with_clocks(session, tickets)]


async def with_clocks(session: AsyncSession, tickets: Sequence[Ticket]) -> list[Pending]:
    """Return the tickets, in their order, with their running clocks."""
    rows = await session.scalars(
        select(TicketClock)
        .where(TicketClock.ticket_id.in_([ticket.id for ticket in tickets]), timing.WAITED_FOR)
        .order_by(TicketClock.due_at, TicketClock.id)
    )
    clocks: dict[int, list[TicketClock]] = {}
    for row in rows:
        clocks.setdefault(row.ticket_id, []).append(row)
    return [Pending(ticket=ticket, clocks=tuple(clocks.get(ticket.id, ()))) for ticket in tickets]


async def overdue(session: AsyncSession, *, actor: Actor) -> int:
    """Return how many tickets that the actor sees have a clock that ran out and is still waited for."""
    statement = select(func.count()).where(reading.visible_to(actor), Ticket.next_due_at < clock.now())
    return await session.scalar(statement) or 0


async def loads(session: AsyncSession, *, actor: Actor) -> list[Load]:
    """Return each department that leads on anything unfinished, most late ones first; of what the actor sees."""
    unfinished = Ticket.state.not_in(FINISHED)
    counted = await reading.counted(session, actor=actor)
    late = await session.execute(
        select(Ticket.lead, func.count())
        .where(reading.visible_to(actor), Ticket.next_due_at < clock.now(), Ticket.lead.is_not(None), unfinished)
        .group_by(Ticket.lead)
    )
    overdue = {lead: count for lead, count in late}
    open_ = Counter[str]()
    for (state, lead), count in counted.items():
        if lead is not None and state not in FINISHED:
            open_[lead] += count
    loads = [Load(department=lead, open=count, overdue=overdue.get(lead, 0)) for lead, count in open_.items() if count]
    return sorted(loads, key=lambda load: (-load.overdue, -load.open, load.department))

"""What is due next: tickets by the running clock that ends first, and how much each department has on its hands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.text.normalise import clean
from routing import parts, reading, timing
from routing.models import Ticket, TicketClock, TicketCount
from routing.parts import TicketPart
from routing.workflow import FINISHED

MOST = 200
NEAREST = 8000  # of all tickets: among these, words are looked for before the index of titles is asked


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
    if due_before:
        statement = statement.where(Ticket.next_due_at < due_before)
    if due_after:
        statement = statement.where(Ticket.next_due_at >= due_after)
    end: ColumnElement[Any] = Ticket.next_due_at.expression
    if state == "parts" and actor.department:
        due = select(TicketPart.due_at).where(
            TicketPart.ticket_id == Ticket.id, parts.OPEN, TicketPart.department == actor.department
        )
        end = due.scalar_subquery()
    order = (end.asc(), Ticket.number.desc())
    limit = min(limit, MOST)
    words = clean(query or "")
    found = await _nearest_with(session, statement, end, words, skip + limit, actor) if words else []
    if found:
        page: Any = found[skip:]
    else:
        # The page is chosen in the index; only what is on it is read.
        if words:
            statement = statement.where(reading.matches(words, actor))
        page = statement.order_by(*order).limit(limit).offset(skip)
    tickets = (await session.scalars(select(Ticket).where(Ticket.id.in_(page)).order_by(*order))).all()
    owed = await parts.owed(session, tickets, department=actor.department) if actor.department else {}
    return [replace(each, part=owed.get(each.ticket.id)) for each in await with_clocks(session, tickets)]


async def _nearest_with(
    session: AsyncSession, statement: Select[Any], end: ColumnElement[Any], words: str, wanted: int, actor: Actor
) -> list[int]:
    """Return the ids of the first tickets whose titles hold the words, or none where the nearest do not hold enough.

    Of words that many titles hold, the index of titles would hand over every ticket, to be sorted. As many are walked
    as the actor sees of the nearest of all. Numbers are not words.
    """
    if words[0].isdecimal():
        return []
    all_ = await session.scalar(select(func.sum(TicketCount.tickets))) or 0
    seen = sum((await reading.counted(session, actor=actor)).values())
    walked = NEAREST * seen // max(all_, 1)
    if walked < wanted:
        return []
    columns = end.label("ends"), Ticket.number, Ticket.title
    near = statement.add_columns(*columns).order_by(end.asc(), Ticket.number.desc()).limit(walked).subquery()
    holding = select(near.c.id).where(near.c.title.icontains(words, autoescape=True))
    found = await session.scalars(holding.order_by(near.c.ends, near.c.number.desc()).limit(wanted))
    ids = list(found)
    return ids if len(ids) == wanted else []


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

"""The clocks of a ticket: started, paused, extended, met, voided, and shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict
from routing import clocks, warnings
from routing.calendar import calendar
from routing.clocks import Change, Course
from routing.hiding import is_secret
from routing.messages import say
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Limit, Unit, sla

# A clock that people wait for; the department's time to object is a right, not a duty.
WAITED_FOR = and_(TicketClock.met_at.is_(None), TicketClock.void_at.is_(None), TicketClock.kind != ClockKind.RETURN)
_NOT_PAUSED = or_(TicketClock.paused_at.is_(None), TicketClock.paused_at > TicketClock.due_at)


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
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
    if row.paused_at is not None and row.paused_at <= row.due_at:
        return ClockState.PAUSED
    return ClockState.RUNNING if at <= row.due_at else ClockState.OVERDUE


async def of(session: AsyncSession, ticket: Ticket, *, fresh: bool = False) -> Sequence[TicketClock]:
    """Return every clock that the ticket has had, oldest first; `fresh`: as they stand now, read anew."""
    statement = select(TicketClock).where(TicketClock.ticket_id == ticket.id)
    rows = await session.scalars(
        statement.order_by(TicketClock.started_at, TicketClock.id).execution_options(populate_existing=fresh)
    )
    return rows.all()


async def current(session: AsyncSession, ticket: Ticket) -> list[TicketClock]:
    """Return the newest clock of each kind that people follow, in the order in which they end."""
    newest = {row.kind: row for row in await of(session, ticket)}
    shown = [row for row in newest.values() if row.void_at is None and row.kind != ClockKind.RETURN]
    return sorted(shown, key=lambda row: row.due_at)


async def running(session: AsyncSession, ticket: Ticket, *, fresh: bool = False) -> dict[str, TicketClock]:
    """Return the clocks that are neither met nor void, by kind; also those that are paused."""
    rows = await of(session, ticket, fresh=fresh)
    return {row.kind: row for row in rows if row.met_at is None and row.void_at is None}


async def start(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> dict[ClockKind, TicketClock]:
    """Start the clocks that the policy sets a limit for; one of the kind that runs already begins anew.

    Nobody is to contact an author whom the department may not know: that clock does not start.
    """
    before = await running(session, ticket)
    started: dict[ClockKind, TicketClock] = {}
    for kind in kinds:
        if kind in before:
            await warnings.forget(session, [before[kind]])
        row = _begun(ticket, kind, before.get(kind))
        if row is not None:
            session.add(row)
            started[kind] = row
    await settle(session, ticket)
    return started


def first(ticket: Ticket, kind: ClockKind) -> TicketClock | None:
    """Return the clock of a new ticket, to be written with it; None where the policy sets no limit."""
    row = _begun(ticket, kind, None)
    if row is not None:
        ticket.next_due_at = row.due_at
    return row


def _begun(ticket: Ticket, kind: ClockKind, before: TicketClock | None) -> TicketClock | None:
    """Return the clock, begun now or anew; None where nobody sets a limit or the author is not to be known."""
    limit = limit_for(ticket, kind)
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    if limit is None or (secret and kind == ClockKind.CONTACT):
        return None
    row = before or TicketClock(ticket_id=ticket.id, kind=kind, warned=0)
    row.amount, row.unit, row.policy = limit.amount, limit.unit, sla().policy.code
    row.started_at, row.changes, row.paused_at = clock.now(), [], None
    row.breached_at, row.warned = None, 0
    count(row)
    return row


async def settle(session: AsyncSession, ticket: Ticket) -> None:
    """Keep on the ticket when its next clock ends that people wait for: lists are in that order."""
    await session.flush()
    ticket.next_due_at = await session.scalar(
        select(func.min(TicketClock.due_at)).where(TicketClock.ticket_id == ticket.id, WAITED_FOR, _NOT_PAUSED)
    )
    await session.flush()


async def recount(session: AsyncSession, ticket: Ticket) -> dict[ClockKind, TicketClock]:
    """Count the running clocks anew from when they began, for what the ticket is now; return those that moved.

    One that the policy no longer asks for is void. Pauses and extensions stay what they were; a breach stays marked,
    wherever the clock ends now.
    """
    policy = sla().policy
    moved: dict[ClockKind, TicketClock] = {}
    for name, row in (await running(session, ticket)).items():
        kind = ClockKind(name)
        limit = limit_for(ticket, kind)
        if limit is None:
            await void(session, ticket, kind)
            continue
        row.amount, row.unit, row.policy = limit.amount, limit.unit, policy.code
        if count(row):
            moved[kind] = row
    await settle(session, ticket)
    return moved


async def pause(session: AsyncSession, ticket: Ticket) -> list[TicketClock]:
    """挂起: stop every running clock of the ticket without ending it, and return those stopped.

    A paused clock neither warns nor breaches. One that is paused already stays so.
    """
    now = clock.now()
    stopped = [row for row in (await running(session, ticket)).values() if row.paused_at is None]
    for row in stopped:
        row.paused_at = now
        _change(row, Change("pause", now))
    await settle(session, ticket)
    return stopped


async def resume(session: AsyncSession, ticket: Ticket) -> list[TicketClock]:
    """Let the ticket's paused clocks run on and return them: each has again what was left, in its own measure."""
    paused = [row for row in (await running(session, ticket)).values() if row.paused_at is not None]
    for row in paused:
        _resume(row)
    await settle(session, ticket)
    return paused


async def extend(session: AsyncSession, ticket: Ticket, *, working_days: int) -> TicketClock:
    """延期: move the end of the resolve clock on, and return the clock.

    It ends when offices close on the last of `working_days` working days (at least 1) after the day of the old end. How
    much and how often is allowed is for whoever approves it (`sla().extension`). A breach stays marked.

    Raises BadInput for less than a day, Conflict where no resolve clock runs.
    """
    if working_days < 1:
        raise BadInput(say("refused.extension_days"))
    row = (await running(session, ticket)).get(ClockKind.RESOLVE)
    if row is None:
        raise Conflict(say("refused.no_resolve_clock"))
    _change(row, Change("extend", clock.now(), working_days))
    await settle(session, ticket)
    return row


async def meet(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> None:
    """Stop the running clocks of these kinds as met; the time of a pause does not count against one that is paused."""
    rows = await _chosen(session, ticket, kinds)
    for row in rows:
        if row.paused_at is not None:
            _resume(row)
        row.met_at, row.act_at = clock.now(), None
    await warnings.forget(session, rows)
    await settle(session, ticket)


async def void(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> None:
    """Stop the running clocks of these kinds because nobody waits for them any more."""
    rows = await _chosen(session, ticket, kinds)
    for row in rows:
        row.void_at, row.act_at = clock.now(), None
    await warnings.forget(session, rows)
    await settle(session, ticket)


async def revive(session: AsyncSession, ticket: Ticket, kind: ClockKind) -> TicketClock | None:
    """Let the newest stopped clock of the kind run on as though it never had been stopped; None where there is none."""
    statement = select(TicketClock).where(
        TicketClock.ticket_id == ticket.id, TicketClock.kind == kind, TicketClock.void_at.is_not(None)
    )
    row = await session.scalar(statement.order_by(TicketClock.id.desc()).limit(1))
    if row is None or kind in await running(session, ticket):
        return None
    row.void_at = None
    if row.paused_at is not None:
        _resume(row)
    count(row)
    await settle(session, ticket)
    return row


def in_working_days(amount: int) -> datetime:
    """Return when offices close on the last of so many working days from today on."""
    return clocks.ends(Course(clock.now(), amount, Unit.WORKING_DAYS, ()), calendar()).at


def limit_for(ticket: Ticket, kind: ClockKind) -> Limit | None:
    """Return the limit that the policy in force sets for a clock of the ticket as it is now, if any."""
    return sla().policy.limit(
        kind,
        request_type=ticket.request_type,
        urgency=ticket.urgency,
        category=ticket.category,
        department=ticket.lead,
    )


def course(row: TicketClock) -> Course:
    """Return the clock as `routing.clocks` counts it."""
    return Course(row.started_at, row.amount, Unit(row.unit), tuple(Change.read(each) for each in row.changes))


def count(row: TicketClock) -> bool:
    """Set when the clock ends and when it must act next, by the calendar in force; say whether the end moved."""
    due = clocks.ends(course(row), calendar())
    moved = row.due_at != due.at
    row.due_at, row.provisional = due.at, due.provisional
    plan(row)
    return moved


def plan(row: TicketClock) -> None:
    """Set when the clock must act next: at the first point of the escalation above what it has acted upon."""
    row.act_at = None
    if row.paused_at is not None or row.breached_at is not None:
        return
    # A right that lapses is nobody's duty: nobody is warned of it.
    points = [100] if row.kind == ClockKind.RETURN else [step.at for step in sla().escalation if step.at > row.warned]
    if points:
        row.act_at = clocks.reached(course(row), points[0], calendar())


def percent_over(row: TicketClock, at: datetime) -> int:
    """Return the highest point of the escalation that the clock has passed at a moment; 0 before the first."""
    if at > row.due_at:
        return 100
    passed = (step.at for step in reversed(sla().escalation))
    return next((point for point in passed if clocks.reached(course(row), point, calendar()) < at), 0)


def _change(row: TicketClock, change: Change) -> None:
    row.changes = [*row.changes, change.as_json()]
    count(row)


def _resume(row: TicketClock) -> None:
    row.paused_at = None
    _change(row, Change("resume", clock.now()))


async def _chosen(session: AsyncSession, ticket: Ticket, kinds: Iterable[ClockKind]) -> list[TicketClock]:
    found = await running(session, ticket)
    return [found[kind] for kind in kinds if kind in found]

"""The clocks of a ticket: started, paused, extended, met, voided, and shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict
from routing import clock_rows, clocks, warnings
from routing.calendar import calendar
from routing.clocks import Change, Course
from routing.messages import say
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Unit, sla

# A clock that people wait for; the department's time to object is a right, not a duty.
WAITED_FOR = and_(TicketClock.met_at.is_(None), TicketClock.void_at.is_(None), TicketClock.kind != ClockKind.RETURN)
_NOT_PAUSED = or_(TicketClock.paused_at.is_(None), TicketClock.paused_at > TicketClock.due_at)


async def of(session: AsyncSession, ticket: Ticket, *, fresh: bool = False) -> Sequence[TicketClock]:
    """Return every clock that the ticket has had, oldest first; `fresh`: as they stand now, read anew."""
    statement = select(TicketClock).where(TicketClock.ticket_id == ticket.id)
    rows = await session.scalars(
        statement.order_by(TicketClock.started_at, TicketClock.id).execution_options(populate_existing=fresh)
    )
    return rows.all()


async def current(session: AsyncSession, ticket: Ticket) -> list[TicketClock]:
    """Return the newest clock of each kind that people follow, in the order in which they end.

    What was met in a round before belongs to the history: before the time for the solution began anew, as it does after
    a reopening, or up to the vote that it is not solved, after which the centre may have it without such a time.
    """
    newest = {row.kind: row for row in await of(session, ticket)}
    resolve, unsolved_at = newest.get(ClockKind.RESOLVE), ticket.surveyed_at if ticket.solved is False else None

    def is_history(row: TicketClock) -> bool:
        if row.met_at is None:
            return False
        if unsolved_at and row.started_at < unsolved_at:
            return True
        return resolve is not None and row.started_at < resolve.started_at and row.met_at <= resolve.started_at

    shown = [
        row for row in newest.values() if row.void_at is None and row.kind != ClockKind.RETURN and not is_history(row)
    ]
    return sorted(shown, key=lambda row: row.due_at)


async def running(session: AsyncSession, ticket: Ticket, *, fresh: bool = False) -> dict[str, TicketClock]:
    """Return the clocks that are neither met nor void, by kind; also those that are paused."""
    rows = await of(session, ticket, fresh=fresh)
    return {row.kind: row for row in rows if row.met_at is None and row.void_at is None}


async def in_time(session: AsyncSession, ticket: Ticket) -> frozenset[str]:
    """Return the kinds of clocks that run and have not ended."""
    now = clock.now()
    return frozenset(kind for kind, row in (await running(session, ticket)).items() if now <= row.due_at)


async def start(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> dict[ClockKind, TicketClock]:
    """Start the clocks that the policy sets a limit for; one of the kind that runs already begins anew.

    One that runs and that the policy sets no limit for now is void. Returns those started.
    """
    before = await running(session, ticket)
    started: dict[ClockKind, TicketClock] = {}
    for kind in kinds:
        limit, row = clock_rows.limit_for(ticket, kind), before.get(kind)
        if limit is None:
            if row is not None:
                await void(session, ticket, kind)
            continue
        if row is None:
            row = TicketClock(ticket_id=ticket.id, kind=kind)
            session.add(row)
        else:
            await warnings.forget(session, [row])
        clock_rows.begin(row, limit)
        started[kind] = row
    await settle(session, ticket)
    return started


def first(ticket: Ticket, kind: ClockKind) -> TicketClock | None:
    """Return the clock of a new ticket, to be written with it; None where the policy sets no limit."""
    limit = clock_rows.limit_for(ticket, kind)
    if limit is None:
        return None
    row = TicketClock(ticket_id=ticket.id, kind=kind)
    clock_rows.begin(row, limit)
    ticket.next_due_at = row.due_at
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
        limit = clock_rows.limit_for(ticket, kind)
        if limit is None:
            await void(session, ticket, kind)
            continue
        row.amount, row.unit, row.policy = limit.amount, limit.unit, policy.code
        if clock_rows.count(row):
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
        clock_rows.change(row, Change("pause", now))
    await settle(session, ticket)
    return stopped


async def resume(session: AsyncSession, ticket: Ticket) -> list[TicketClock]:
    """Let the ticket's paused clocks run on and return them: each has again what was left, in its own measure."""
    paused = [row for row in (await running(session, ticket)).values() if row.paused_at is not None]
    for row in paused:
        clock_rows.resume(row)
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
    clock_rows.change(row, Change("extend", clock.now(), working_days))
    await settle(session, ticket)
    return row


async def meet(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> None:
    """Stop the running clocks of these kinds as met; the time of a pause does not count against one that is paused."""
    rows = await _chosen(session, ticket, kinds)
    for row in rows:
        if row.paused_at is not None:
            clock_rows.resume(row)
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
        clock_rows.resume(row)
    clock_rows.count(row)
    await settle(session, ticket)
    return row


def in_working_days(amount: int) -> datetime:
    """Return when offices close on the last of so many working days from today on."""
    return clocks.ends(Course(clock.now(), amount, Unit.WORKING_DAYS, ()), calendar()).at


async def _chosen(session: AsyncSession, ticket: Ticket, kinds: Iterable[ClockKind]) -> list[TicketClock]:
    found = await running(session, ticket)
    return [found[kind] for kind in kinds if kind in found]

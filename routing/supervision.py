"""督办: clocks that ran out, and those that a new notice moves. Every worker looks; any number of workers may."""

from sqlalchemy import Select, select

from core import clock, jobs
from core.auth import SYSTEM
from core.database import transaction
from routing import steps, timing
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind

BATCH = 100


@jobs.sweep("clocks.sweep", seconds=1)
async def sweep() -> None:
    """Mark every clock that ran out, once: event, announcement, and the ticket under supervision."""
    while await _mark_some() == BATCH:
        pass


@jobs.sweep("clocks.settle", seconds=3600)
async def settle() -> None:
    """Count provisional clocks anew, for the calendar may know more by now; one that moves is an event."""
    after: int | None = 0
    while after is not None:
        after = await _settle_some(after)


async def _mark_some() -> int:
    async with transaction() as session:
        now = clock.now()
        due = await session.execute(_running().where(TicketClock.act_at < now).order_by(TicketClock.act_at))
        rows = due.all()
        for row, ticket in rows:
            if row.kind == ClockKind.RETURN:  # a right that has lapsed, not a duty that was missed
                row.void_at, row.act_at = now, None
                continue
            row.warned = max(row.warned, timing.percent_over(row, now))
            if row.warned < 100:
                timing.plan(row)
                continue
            row.breached_at, row.act_at = now, None
            ticket.supervised = True
            await steps.record(session, ticket, "breached", actor=SYSTEM, clock=row.kind, due_at=row.due_at)
        return len(rows)


async def _settle_some(after: int) -> int | None:
    """Look at the next clocks after this id; return the last id looked at, or None where there was none."""
    async with transaction() as session:
        provisional = _running().where(TicketClock.provisional, TicketClock.id > after).order_by(TicketClock.id)
        last = None
        for row, ticket in (await session.execute(provisional)).all():
            last = row.id
            if timing.count(row):
                await steps.record(session, ticket, "retimed", actor=SYSTEM, clock=row.kind, due_at=row.due_at)
        return last


def _running() -> Select[TicketClock, Ticket]:
    """Return a batch of running clocks with their tickets."""
    # Both rows are claimed and neither waited for: a command holds the ticket and then wants its clocks.
    return (
        select(TicketClock, Ticket)
        .join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(TicketClock.met_at.is_(None), TicketClock.void_at.is_(None))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )

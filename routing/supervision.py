"""督办: clocks that ran out. Every worker looks each second; any number of workers may."""

from sqlalchemy import select

from core import clock, jobs
from core.auth import SYSTEM
from core.database import transaction
from routing import steps
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind

BATCH = 100


@jobs.sweep("clocks.sweep", seconds=1)
async def sweep() -> None:
    """Mark every clock that ran out, once: event, announcement, and the ticket under supervision."""
    while await _mark_some() == BATCH:
        pass


async def _mark_some() -> int:
    async with transaction() as session:
        now = clock.now()
        # Both rows are claimed and neither waited for: a command holds the ticket and then wants its clocks.
        due = await session.execute(
            select(TicketClock, Ticket)
            .join(Ticket, Ticket.id == TicketClock.ticket_id)
            .where(
                TicketClock.due_at < now,
                TicketClock.met_at.is_(None),
                TicketClock.void_at.is_(None),
                TicketClock.breached_at.is_(None),
            )
            .order_by(TicketClock.due_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        rows = due.all()
        for row, ticket in rows:
            if row.kind == ClockKind.RETURN:  # a right that has lapsed, not a duty that was missed
                row.void_at = now
                continue
            row.breached_at = now
            ticket.supervised = True
            await steps.record(session, ticket, "breached", actor=SYSTEM, clock=row.kind, due_at=row.due_at)
        return len(rows)

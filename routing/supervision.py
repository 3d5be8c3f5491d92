"""督办: clocks that run down and run out. Every worker looks; any number of workers may."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select, text

from core import clock, jobs
from core.auth import SYSTEM
from core.database import transaction
from routing import clock_rows, steps, warnings
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Told, sla

BATCH = 100
_FOLD = text(
    "with gone as (delete from ticket_counts returning state, lead, sealed, tickets) "
    "insert into ticket_counts (state, lead, sealed, tickets) "
    "select state, lead, sealed, sum(tickets) from gone group by state, lead, sealed having sum(tickets) <> 0"
)


@jobs.sweep("clocks.sweep", seconds=1)
async def sweep() -> None:
    """Act on every clock that has passed a point of the escalation, once each: warn, or mark that it ran out.

    What it reads is what is due (an index on `act_at`), whatever the number of clocks that run.
    """
    while await _act_some() == BATCH:
        pass


@jobs.sweep("tickets.counts", seconds=5)
async def fold_counts() -> None:
    """Sum up the counts of tickets by state and department, so that few rows hold them."""
    async with transaction() as session:
        # One at a time is enough; a row that another transaction has not committed yet waits for the next time.
        if await session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended("tickets.counts", 0)))):
            await session.execute(_FOLD)


async def _act_some() -> int:
    async with transaction() as session:
        now = clock.now()
        due = await session.execute(_running().where(TicketClock.act_at < now).order_by(TicketClock.act_at))
        rows = due.all()
        told, taken = [], []
        for row, ticket in rows:
            if row.kind == ClockKind.RETURN:  # a right that has lapsed, not a duty that was missed
                row.void_at, row.act_at = now, None
                continue
            # After an outage several points may have passed: only the highest is told of. Where the points were changed
            # meanwhile, none may have.
            passed = clock_rows.percent_over(row, now)
            if passed > row.warned:
                row.warned = passed
                whom = warnings.recipients(ticket, row.kind, sla().step(row.warned).tell)
                told.append((row, row.warned, whom))
                taken += _taken(row, ticket, whom)
            clock_rows.plan(row)
        await session.flush()
        await steps.record_all(session, taken, actor=SYSTEM)
        await warnings.keep(session, told)
        return len(rows)


def _taken(row: TicketClock, ticket: Ticket, whom: Sequence[str]) -> list[steps.Taken]:
    """Return what belongs into the ticket's history: the breach, and a warning that went beyond whose clock it is."""
    if row.warned == 100:
        row.breached_at = clock.now()
        ticket.supervised = True
        return [steps.Taken(ticket, "breached", {"clock": row.kind, "due_at": row.due_at})]
    if set(whom) - set(warnings.recipients(ticket, row.kind, [Told.LEAD])):
        return [steps.Taken(ticket, "warned", {"clock": row.kind, "percent": row.warned, "told": list(whom)})]
    return []


def _running() -> Select[TicketClock, Ticket]:
    """Return a batch of running clocks with their tickets."""
    # Both rows are claimed and neither waited for: a command holds the ticket and then wants its clocks.
    return (
        select(TicketClock, Ticket)
        .join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(TicketClock.met_at.is_(None), TicketClock.void_at.is_(None))
        .limit(BATCH)
        .with_for_update(key_share=True, skip_locked=True)
    )

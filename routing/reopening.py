"""A closed ticket that proves unsolved is taken up again."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from routing import timing
from routing.models import Ticket
from routing.policy import ClockKind


async def take_up(session: AsyncSession, ticket: Ticket) -> None:
    """Begin anew on a ticket that has just left `closed`: its time begins again, and the answers to the survey stay."""
    ticket.reopened += 1
    ticket.reopened_closed += 1
    ticket.closed_at = ticket.accepted_at = None
    await begin_again(session, ticket)


async def begin_again(session: AsyncSession, ticket: Ticket) -> None:
    """Start the clocks of a reopened ticket, and have one that never had a department dispatched."""
    if ticket.lead is None:
        await timing.start(session, ticket, ClockKind.RESOLVE)
        await jobs.defer(session, "tickets.dispatch", lock=f"ticket:{ticket.number}", number=ticket.number)
        return
    # It has handled the matter once: it cannot say now that it is not its duty.
    ticket.return_refused = True
    department = () if ticket.state == "returned" else (ClockKind.ACCEPT, ClockKind.CONTACT)
    await timing.start(session, ticket, *department, ClockKind.RESOLVE)

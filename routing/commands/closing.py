"""The end: an agent's callback, and closing without one."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from routing import callbacks, merging, reopening, steps, timing, workflow
from routing.commands.taking import take, words
from routing.models import Ticket
from routing.notices import due_words
from routing.policy import ClockKind


async def callback(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    contacted: bool,
    solved: bool,
    satisfied: int,
    note: str = "",
) -> Ticket:
    """回访: an agent has asked the citizen the three questions. `satisfied`: 1 (not at all) to 5."""
    ticket = await take(session, number, "callback", actor=actor)
    return await callbacks.survey(
        session, ticket, actor=actor, contacted=contacted, solved=solved, satisfied=satisfied, text=words(note)
    )


async def call(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    outcome: str,
    again_at: datetime | None = None,
    note: str = "",
) -> Ticket:
    """回访未成: an agent called and has no answers: `not_reached`, `again` (at `again_at`) or `refused`.

    Calls that reach nobody on so many days as `tickets.yaml` says close the ticket, and so does a refusal.
    """
    ticket = await take(session, number, "callback", actor=actor)
    return await callbacks.tried(session, ticket, actor=actor, outcome=outcome, again_at=again_at, text=words(note))


async def close(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> Ticket:
    """办结: close a ticket that needs no department (answered at once, not a matter for tickets), whose citizen cannot
    be reached, or, by whoever rules on returns, one for which nothing more can be done. The citizen reads the reason.
    """
    ticket = await take(session, number, "close", actor=actor)
    reason = words(reason, wanted="reason")
    before = ticket.state
    workflow.move(ticket, "close")
    ticket.closed_at, ticket.callback_at = clock.now(), None
    # Those that follow a ticket which ends without a reply are not lost: the oldest of them takes its place.
    if before != "replied":
        await merging.pass_on(session, ticket, before, actor=actor)
    await merging.end_requests(session, ticket, actor=actor)
    await timing.void(session, ticket, *ClockKind)
    event = await steps.record(session, ticket, "closed", actor=actor, text=reason)
    await steps.tell(session, ticket, event, reason=reason)
    return ticket


async def reopen(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> Ticket:
    """重新办理: a closed ticket that proves unsolved goes again to its department; within days, and as often, as
    `tickets.yaml` says.
    """
    ticket = await take(session, number, "reopen", actor=actor)
    reason = words(reason, wanted="reason")
    workflow.move(ticket, "reopen_closed")
    await reopening.take_up(session, ticket)
    event = await steps.record(session, ticket, "reopened_closed", actor=actor, text=reason, department=ticket.lead)
    await steps.tell(session, ticket, event, due=await due_words(session, ticket))
    return ticket

"""密件: tickets that only supervisors and the department that leads see. Every opening is an event of the ledger."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs, ledger
from core.auth import Actor
from core.errors import Conflict
from routing import merging, negotiated, parts, splitting, steps, workflow
from routing.commands.taking import take, words
from routing.messages import say
from routing.models import Ticket
from routing.quality import copies


async def seal(
    session: AsyncSession, number: str, *, actor: Actor, reason: str, co_handlers: Sequence[str] = ()
) -> Ticket:
    """转为密件: co-handlers see it no longer, but for those named, and what they owed is void.

    Nor does who was asked in a negotiation, unless it works on the ticket. What was split off from it is sealed
    with it: it is of the same author, and the two name each other. Each has an event of its own, and is unsealed for
    itself.

    Raises Conflict while others follow the ticket or what was split off from it, or it follows another.
    """
    ticket = await take(session, number, "seal", actor=actor)
    reason = words(reason, wanted="reason")
    split_off = await splitting.split_from(session, ticket)
    for each in (ticket, *split_off):
        if each.state == "merged" or await merging.followers(session, each, limit=1):
            key = "refused.seal_merged" if each is ticket else "refused.seal_split_merged"
            raise Conflict(say(key, number=each.number))
    workflow.move(ticket, "note")
    await _close(session, ticket, actor=actor, reason=reason, co_handlers=co_handlers)
    for each in split_off:
        words_of_it = say("sealed.with_first", number=ticket.number, reason=reason)
        await _close(session, each, actor=actor, reason=words_of_it, co_handlers=co_handlers)
    return ticket


async def _close(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, reason: str, co_handlers: Sequence[str]
) -> None:
    ticket.sealed = True
    before = tuple(ticket.co_handlers)
    ticket.co_handlers = [code for code in before if code in co_handlers]
    for code in set(ticket.open_parts) - set(ticket.co_handlers):
        if part := await parts.open_of(session, ticket, code):
            part.void_at = clock.now()
    ticket.open_parts = {code: state for code, state in ticket.open_parts.items() if code in ticket.co_handlers}
    await negotiated.shut_out(session, ticket)
    await copies.forget(session, ticket)
    await jobs.defer(session, "topics.leave", number=ticket.number)
    await steps.record(session, ticket, "sealed", actor=actor, text=reason, also=before)


async def unseal(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> Ticket:
    """解除密件: by an administrator, with a reason."""
    ticket = await take(session, number, "unseal", actor=actor)
    reason = words(reason, wanted="reason")
    workflow.move(ticket, "note")
    ticket.sealed = False
    await steps.record(session, ticket, "unsealed", actor=actor, text=reason)
    return ticket


async def note_reading(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> None:
    """Write into the ledger that somebody has opened a sealed ticket; of others nothing is written."""
    if not ticket.sealed:
        return
    # Not announced: a page that draws itself anew at every announcement would open it again for ever.
    await ledger.append(
        session,
        subject=f"ticket:{ticket.number}",
        kind=steps.PREFIX + "sealed_read",
        actor=actor,
        data={"state": ticket.state},
    )

"""What citizens do to their own ticket, by their own hand or by an agent's who has them on the line."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.errors import Conflict
from routing import granting, merging, reopening, steps, timing, workflow
from routing.commands.correcting import conceal
from routing.hiding import wishes_secrecy
from routing.messages import say
from routing.models import Ticket
from routing.notices import moment_words
from routing.policy import ClockKind


async def urge(session: AsyncSession, ticket: Ticket, *, actor: Actor, text: str) -> Ticket:
    """Remind the department. Raises Conflict, saying when, until the pause of `tickets.yaml` has passed."""
    if again := granting.urged_until(ticket):
        raise Conflict(say("refused.urged", moment=moment_words(again)), again_at=again.isoformat())
    workflow.move(ticket, "urge")
    ticket.urges += 1
    ticket.urged_at = clock.now()
    await _keep_secret(session, ticket, text, actor=actor)
    await steps.record(session, ticket, "urged", actor=actor, text=text, urges=ticket.urges)
    return ticket


async def supplement(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, text: str, attachments: Sequence[Any] = ()
) -> Ticket:
    """Add words or photos."""
    workflow.move(ticket, "supplement")
    await _keep_secret(session, ticket, text, actor=actor)
    await steps.record(session, ticket, "supplemented", actor=actor, text=text, attachments=attachments)
    return ticket


async def withdraw(session: AsyncSession, ticket: Ticket, *, actor: Actor, reason: str) -> Ticket:
    """End a ticket that its citizen no longer asks for; others that follow it go on."""
    before = ticket.state
    workflow.move(ticket, "withdraw")
    ticket.closed_at = clock.now()
    if before != "merged":
        await merging.pass_on(session, ticket, before, actor=actor)
    await merging.end_requests(session, ticket, actor=actor)
    await timing.void(session, ticket, *ClockKind)
    await steps.record(session, ticket, "withdrawn", actor=actor, text=reason)
    return ticket


async def dispute(session: AsyncSession, ticket: Ticket, *, actor: Actor, text: str) -> Ticket:
    """Bring a closed ticket back to the centre, which rules who takes it up; one without a department is new again."""
    workflow.move(ticket, "dispute")
    ticket.supervised = True
    await _keep_secret(session, ticket, text, actor=actor)
    await reopening.take_up(session, ticket)
    await steps.record(session, ticket, "disputed", actor=actor, text=text, department=ticket.lead)
    return ticket


async def _keep_secret(session: AsyncSession, ticket: Ticket, text: str, *, actor: Actor) -> None:
    """Make the ticket confidential for good where its author asks for it, with what has been written so far."""
    if ticket.confidential or not wishes_secrecy(text):
        return
    await conceal(session, ticket, actor=actor)

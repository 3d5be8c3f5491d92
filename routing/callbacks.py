"""回访: the three questions after the reply, and what follows from the answers.

Solved: closed. Not solved: back to the same department, as often as `tickets.yaml` says (once); after that to the
centre, which takes it under supervision and rules who handles it.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.errors import BadInput
from routing import steps, timing, workflow
from routing.messages import say
from routing.models import Ticket
from routing.notices import due_words
from routing.policy import ClockKind
from routing.rules import rules
from routing.tree import tree


async def survey(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, contacted: bool, solved: bool, satisfied: int, text: str
) -> Ticket:
    """Keep the answers on a locked ticket and move it on. Raises BadInput unless `satisfied` is 1 to 5."""
    if not 1 <= satisfied <= 5:
        raise BadInput(say("refused.satisfied"))
    ticket.contacted, ticket.solved, ticket.satisfied = contacted, solved, satisfied
    ticket.surveyed_at = clock.now()
    await timing.meet(session, ticket, ClockKind.CALLBACK)
    if solved:
        workflow.move(ticket, "solved")
        ticket.closed_at = clock.now()
    await steps.record(
        session, ticket, "rated", actor=actor, text=text, contacted=contacted, solved=solved, satisfied=satisfied
    )
    if not solved and ticket.reopened < rules().survey.reopen_times:
        await _reopen(session, ticket, actor=actor)
    elif not solved:
        workflow.move(ticket, "escalate")
        ticket.supervised = True
        event = await steps.record(session, ticket, "escalated", actor=actor, department=ticket.lead)
        await steps.tell(session, ticket, event)
    return ticket


async def _reopen(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> None:
    workflow.move(ticket, "reopen")
    ticket.reopened += 1
    ticket.accepted_at = None
    # It has handled the matter once: it cannot say now that it is not its duty.
    ticket.return_refused = True
    await timing.start(session, ticket, ClockKind.ACCEPT, ClockKind.CONTACT, ClockKind.RESOLVE)
    event = await steps.record(session, ticket, "reopened", actor=actor, department=ticket.lead)
    name = tree().get(ticket.lead or "").short_name
    await steps.tell(session, ticket, event, department=name, due=await due_words(session, ticket))

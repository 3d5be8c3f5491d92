"""Dispatch without a person: where the first candidate is certain enough, a new ticket goes there at once."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.auth import SYSTEM
from core.database import transaction
from intents import Urgency
from routing import commands, reading, vectors
from routing.departments import Candidate
from routing.messages import say
from routing.models import Ticket
from routing.rules import rules
from routing.suggestions import weigh
from routing.tree import tree

log = structlog.get_logger()


@jobs.task("tickets.dispatch")
async def dispatch_ticket(number: str) -> None:
    """Dispatch a new ticket, or leave it to the agents; one that has moved on is left alone."""
    async with transaction() as session:
        await dispatch_new(session, number)
        # The request is read in a job of its own: what the quality check cannot read must not keep it here.
        await jobs.defer(session, "quality.review", lock=f"ticket:{number}", number=number)


async def dispatch_new(session: AsyncSession, number: str) -> Ticket:
    """Dispatch the ticket if it is new and the first candidate certain enough (`tickets.yaml`); return the ticket."""
    ticket = await reading.find(session, number, actor=SYSTEM, lock=True)
    await vectors.keep(session, ticket)
    if ticket.state != "new":
        return ticket
    weighed = await weigh(session, ticket)
    candidates, assigned = weighed.candidates, weighed.assigned
    if not candidates or not _certain(candidates[0]) or _unseen_until_morning(ticket, candidates[0]):
        score, risk = (candidates[0].score, candidates[0].risk) if candidates else (0, None)
        log.info("ticket.left_to_agents", number=number, score=score, risk=risk)
        return ticket
    first = candidates[0]
    beside = assigned.co_handlers if assigned and assigned.lead == first.code else ()
    return await commands.dispatch(
        session,
        number,
        actor=SYSTEM,
        department=first.code,
        # Where the catalogue names the centre beside the lead, it is there already: it sees every ticket.
        co_handlers=[code for code in beside if tree().get(code).kind != "centre"],
        reason=say("dispatched.automatically", evidence="；".join(first.evidence)),
        weighed=weighed,
    )


def _unseen_until_morning(ticket: Ticket, first: Candidate) -> bool:
    """Say whether nobody there would see a critical ticket before the office opens: an agent has to call."""
    return ticket.urgency == Urgency.CRITICAL and first.opens_at is not None and first.on_duty is None


def _certain(first: Candidate) -> bool:
    weights = rules().dispatch
    return first.score >= weights.automatic_from and (first.risk or 0.0) <= weights.automatic_risk_to

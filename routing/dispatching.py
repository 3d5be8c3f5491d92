"""Dispatch without a person: where the first candidate is certain enough, a new ticket goes there at once."""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.auth import SYSTEM
from core.database import transaction
from routing import commands, departments, reading
from routing.catalogue import catalogue
from routing.messages import say
from routing.models import Ticket
from routing.rules import rules
from routing.tree import tree

log = structlog.get_logger()


@jobs.task("tickets.dispatch")
async def dispatch_ticket(number: str) -> None:
    """Dispatch a new ticket, or leave it to the agents; one that has moved on is left alone."""
    async with transaction() as session:
        await dispatch_new(session, number)


async def dispatch_new(session: AsyncSession, number: str) -> Ticket:
    """Dispatch the ticket if it is new and the first candidate's score reaches `automatic_from`; return the ticket."""
    ticket = await reading.find(session, number, actor=SYSTEM, lock=True)
    if ticket.state != "new":
        return ticket
    candidates = await asyncio.to_thread(
        departments.rank,
        category=ticket.category,
        district=ticket.district,
        street=ticket.street,
        text=f"{ticket.title} {ticket.description}",
    )
    if not candidates or candidates[0].score < rules().dispatch.automatic_from:
        log.info("ticket.left_to_agents", number=number, score=candidates[0].score if candidates else 0)
        return ticket
    first = candidates[0]
    assigned = (
        catalogue().find(category=ticket.category, district=ticket.district, street=ticket.street)
        if ticket.category
        else None
    )
    beside = assigned.co_handlers if assigned and assigned.lead == first.code else ()
    return await commands.dispatch(
        session,
        number,
        actor=SYSTEM,
        department=first.code,
        # Where the catalogue names the centre beside the lead, it is there already: it sees every ticket.
        co_handlers=[code for code in beside if tree().get(code).kind != "centre"],
        reason=say("dispatched.automatically", evidence="；".join(first.evidence)),
    )

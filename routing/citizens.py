"""Who asked: kept encrypted and apart, masked by default, shown with a reason that the ledger keeps.

The author of a tip-off or of a confidential ticket is never shown to a department (GB/T 33358-2016; PIPL articles 28,
29 and 51 for the rest).
"""

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Permission
from core.errors import BadInput, Forbidden
from core.privacy import mask_name, mask_phone, mask_text
from routing import reading, steps
from routing.hiding import hide_author, is_secret
from routing.messages import say
from routing.models import Ticket, TicketCitizen
from routing.phones import phone_index

SHORTEST_REASON = 4  # characters


def author(ticket: Ticket, *, name: str | None, phone: str | None) -> TicketCitizen:
    """Return who opened the ticket, to be written with it."""
    index = phone_index(phone) if phone else None
    return TicketCitizen(ticket_id=ticket.id, name=name, phone=phone, phone_index=index)


async def reach_at(session: AsyncSession, ticket: Ticket, phone: str) -> None:
    """Let the number by which the ticket's citizen is reached be another one."""
    citizen = await session.get(TicketCitizen, ticket.id)
    if citizen is None:
        session.add(author(ticket, name=None, phone=phone))
    else:
        citizen.phone, citizen.phone_index = phone, phone_index(phone)


def has_phone() -> ColumnElement[bool]:
    """Return the condition under which a ticket's citizen can be called."""
    return (
        select(TicketCitizen.ticket_id)
        .where(TicketCitizen.ticket_id == Ticket.id, TicketCitizen.phone_index.is_not(None))
        .exists()
    )


def hidden_from(ticket: Ticket, actor: Actor) -> bool:
    """Say whether the actor may never learn who opened the ticket."""
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    return secret and not actor.may(Permission.TICKET_READ_ALL)


async def masked(session: AsyncSession, number: str, *, actor: Actor) -> dict[str, str]:
    """Return `{"name", "phone"}` masked; empty where nothing is known or the actor may not know."""
    ticket = await reading.find(session, number, actor=actor)
    citizen = await session.get(TicketCitizen, ticket.id)
    if citizen is None or hidden_from(ticket, actor):
        return {"name": "", "phone": ""}
    return {
        "name": mask_name(citizen.name) if citizen.name else "",
        "phone": mask_phone(citizen.phone) if citizen.phone else "",
    }


async def reveal(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> dict[str, str]:
    """Return `{"name", "phone"}` in clear and write that, and why, into the ledger.

    Raises BadInput without a reason, NotFound for a ticket that the actor does not see, Forbidden for a department on a
    tip-off or confidential ticket and for an account without the permission.
    """
    actor.must(Permission.PERSONAL_REVEAL)
    if len(reason.strip()) < SHORTEST_REASON:
        raise BadInput(say("refused.reason"))
    ticket = await reading.find(session, number, actor=actor)
    if hidden_from(ticket, actor):
        raise Forbidden(say("refused.confidential"))
    citizen = await session.get(TicketCitizen, ticket.id)
    # Whoever works on the ticket reads the reason, and the ledger forgets nothing.
    reason = mask_text(await hide_author(session, ticket, reason.strip()))
    await steps.record(session, ticket, "revealed", actor=actor, reason=reason)
    return {"name": (citizen and citizen.name) or "", "phone": (citizen and citizen.phone) or ""}

"""Who asked: kept encrypted and apart, masked by default, shown with a reason that the ledger keeps.

The author of a tip-off or of a confidential ticket is never shown to a department (GB/T 33358-2016; PIPL articles 28,
29 and 51 for the rest).
"""

import re

from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import Actor, Permission
from core.errors import BadInput, Forbidden
from core.privacy import PHONE, mask_name, mask_phone, mask_text
from intents import RequestType
from routing import reading
from routing.messages import say
from routing.models import Ticket, TicketCitizen
from routing.phones import phone_index

HIDDEN = "（已隐去）"
SHORTEST_REASON = 4  # characters
SHORTEST_NAME_HIDDEN = 2  # a single character is too common a word to be cut out of a text


async def keep(session: AsyncSession, ticket: Ticket, *, name: str | None, phone: str | None) -> None:
    """Keep who opened the ticket."""
    index = phone_index(phone) if phone else None
    session.add(TicketCitizen(ticket_id=ticket.id, name=name, phone=phone, phone_index=index))
    await session.flush()


def without_author(text: str, *, name: str | None, phone: str | None, secret: bool) -> str:
    """Return `text` with the author's own name and number in it masked, for a department reads it.

    Of a `secret` author nothing is left; where they gave no number, every number in the text may be theirs.
    """
    digits = re.sub(r"\D", "", phone or "")[-11:]
    if digits:
        text = re.sub(r"[- ]?".join(digits), HIDDEN if secret else mask_phone(digits), text)
    elif secret:
        text = PHONE.sub(HIDDEN, text)
    if name and len(name) >= SHORTEST_NAME_HIDDEN:
        text = text.replace(name, HIDDEN if secret else mask_name(name))
    return text


def is_secret(*, request_type: str, confidential: bool) -> bool:
    """Say whether departments may never learn who asked."""
    return confidential or request_type == RequestType.TIP_OFF


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
    await ledger.append(
        session,
        subject=f"ticket:{number}",
        kind="ticket.revealed",
        actor=actor,
        data={"reason": mask_text(reason.strip())},
    )
    return {"name": (citizen and citizen.name) or "", "phone": (citizen and citizen.phone) or ""}


async def hide_author(session: AsyncSession, ticket: Ticket, text: str) -> str:
    """Return what the citizen added later, with their own name and number in it masked."""
    citizen = await session.get(TicketCitizen, ticket.id)
    if citizen is None or not text:
        return text
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    return without_author(text, name=citizen.name, phone=citizen.phone, secret=secret)

"""Other tickets that a ticket has to do with: its master, those that follow it, linked and split ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from routing import links, reading
from routing.models import Ticket


@dataclass(frozen=True, slots=True)
class Related:
    """Tickets by what they are to this one; `following`: how many follow it, of whom `followers` are the oldest."""

    master: Ticket | None
    followers: Sequence[Ticket]
    following: int
    linked: Sequence[Ticket]


async def of(session: AsyncSession, ticket: Ticket, *, actor: Actor, most: int) -> Related:
    """Return the other tickets, as far as the actor sees them."""
    seen = reading.visible_to(actor)
    follows = (Ticket.merged_into == ticket.id) & (Ticket.state == "merged") & seen
    by_number = select(Ticket).order_by(Ticket.id).limit(most)
    master = (
        await session.scalar(select(Ticket).where(Ticket.id == ticket.merged_into, seen))
        if ticket.merged_into
        else None
    )
    ids = await links.linked_ids(session, ticket)
    linked = or_(Ticket.id.in_(ids), Ticket.split_from == ticket.id, Ticket.id == ticket.split_from)
    return Related(
        master=master,
        followers=(await session.scalars(by_number.where(follows))).all(),
        following=await session.scalar(select(func.count()).select_from(Ticket).where(follows)) or 0,
        linked=(await session.scalars(by_number.where(linked, seen))).all(),
    )

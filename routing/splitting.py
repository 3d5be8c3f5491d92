"""拆单: one of two matters of a ticket becomes a ticket of the same citizen."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from routing import opening
from routing.hiding import is_secret
from routing.models import Ticket, TicketCitizen


async def split_off(
    session: AsyncSession,
    ticket: Ticket,
    *,
    actor: Actor,
    title: str,
    description: str,
    category: str | None,
    request_type: str | None,
) -> opening.Opened:
    """Open a second ticket with these words for the ticket's citizen.

    Place, channel, urgency and secrecy are those of the first. Raises what `opening.open` refuses with.
    """
    citizen = await session.get(TicketCitizen, ticket.id)
    draft = opening.Draft(
        request_type=request_type or ticket.request_type,
        category=category,
        urgency=ticket.urgency,
        title=title,
        description=description,
        channel=ticket.channel,
        address=ticket.address,
        district=ticket.district,
        street=ticket.street,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        happened=ticket.happened,
        citizen_name=citizen.name if citizen else None,
        citizen_phone=citizen.phone if citizen else None,
        # What was secret stays so: the two are of one author.
        confidential=ticket.sealed or is_secret(request_type=ticket.request_type, confidential=ticket.confidential),
        sealed=ticket.sealed,
        conversation=ticket.conversation,
    )
    second = await opening.open(session, draft, actor=actor)
    second.ticket.split_from = ticket.id
    await session.flush()
    return second


async def split_from(session: AsyncSession, ticket: Ticket) -> list[Ticket]:
    """Return what was split off from the ticket, and from that in turn, and is not sealed, locked, the oldest first."""
    found: list[Ticket] = []
    last = [ticket.id]
    while last:
        statement = (
            select(Ticket).where(Ticket.split_from.in_(last)).order_by(Ticket.id).with_for_update(key_share=True)
        )
        parts = (await session.scalars(statement.execution_options(populate_existing=True))).all()
        found += parts
        last = [part.id for part in parts]
    return [part for part in found if not part.sealed]

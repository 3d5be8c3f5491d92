"""关联: a reference between two tickets, read from both sides. Nothing else follows from it."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from routing.models import Ticket


class TicketLink(Base):
    """Two tickets that have to do with each other; the one that was opened first stands first."""

    __tablename__ = "ticket_links"

    first_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    second_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


async def between(session: AsyncSession, one: Ticket, other: Ticket) -> TicketLink | None:
    """Return the link between two tickets, whichever was named first."""
    return await session.get(TicketLink, tuple(sorted((one.id, other.id))))


async def linked_ids(session: AsyncSession, ticket: Ticket) -> Sequence[int]:
    """Return the ids of the tickets that the ticket is linked with."""
    forth = select(TicketLink.second_id).where(TicketLink.first_id == ticket.id)
    back = select(TicketLink.first_id).where(TicketLink.second_id == ticket.id)
    return (await session.scalars(forth.union_all(back))).all()

"""督办: formal orders of the centre to the department that leads, with a date by which it answers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed
from routing.models import Ticket

OPEN, ANSWERED = "open", "answered"  # what a ticket's `supervision` says of the order that has not ended


class TicketOrder(Base):
    """One order; a ticket has at most one that has not ended."""

    __tablename__ = "ticket_orders"
    __table_args__ = (
        Index("uq_ticket_orders_running", "ticket_id", unique=True, postgresql_where=text("ended_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    words: Mapped[str] = mapped_column(Sealed)
    ordered_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Sealed)
    ended_at: Mapped[datetime | None]


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[TicketOrder]:
    """Return every order on the ticket, oldest first."""
    statement = select(TicketOrder).where(TicketOrder.ticket_id == ticket.id)
    return (await session.scalars(statement.order_by(TicketOrder.id))).all()


async def running(session: AsyncSession, ticket: Ticket) -> TicketOrder | None:
    """Return the order that has not ended, if there is one."""
    return await session.scalar(
        select(TicketOrder).where(TicketOrder.ticket_id == ticket.id, TicketOrder.ended_at.is_(None))
    )

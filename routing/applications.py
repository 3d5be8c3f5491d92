"""延期 and 挂起: what the department that leads asks for, and what the centre decides."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from core.privacy import Sealed
from routing.models import Ticket

EXTENSION, SUSPENSION = "extension", "suspension"


class TicketApplication(Base):
    """One application; a ticket has at most one that is not decided."""

    __tablename__ = "ticket_applications"
    __table_args__ = (
        Index("uq_ticket_applications_pending", "ticket_id", unique=True, postgresql_where=text("decided_at is null")),
        Index(
            "ix_ticket_applications_until",
            "until",
            postgresql_where=text("kind = 'suspension' and approved and ended_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    department: Mapped[str]
    reason: Mapped[str] = mapped_column(Sealed)
    working_days: Mapped[int | None]  # of an extension
    until: Mapped[datetime | None]  # of a suspension
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    approved: Mapped[bool | None]  # none of one that lapsed
    decision: Mapped[str | None] = mapped_column(Sealed)
    ended_at: Mapped[datetime | None]  # when the suspension was over


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[TicketApplication]:
    """Return every application of the ticket, oldest first."""
    statement = select(TicketApplication).where(TicketApplication.ticket_id == ticket.id)
    return (await session.scalars(statement.order_by(TicketApplication.id))).all()


async def pending(session: AsyncSession, ticket: Ticket) -> TicketApplication | None:
    """Return the application that the centre has not decided, if there is one."""
    statement = select(TicketApplication).where(
        TicketApplication.ticket_id == ticket.id, TicketApplication.decided_at.is_(None)
    )
    return await session.scalar(statement)


async def suspension(session: AsyncSession, ticket: Ticket) -> TicketApplication | None:
    """Return the suspension that holds now, if there is one."""
    statement = select(TicketApplication).where(
        TicketApplication.ticket_id == ticket.id,
        TicketApplication.kind == SUSPENSION,
        TicketApplication.approved.is_(True),
        TicketApplication.ended_at.is_(None),
    )
    return await session.scalar(statement)


async def lapse(session: AsyncSession, ticket: Ticket) -> None:
    """End the application that nobody needs to decide any more, and the suspension that held."""
    now = clock.now()
    if asked := await pending(session, ticket):
        asked.decided_at = now  # neither approved nor refused: nobody has decided it
    if held := await suspension(session, ticket):
        held.ended_at = now
    ticket.applied = None
    await session.flush()

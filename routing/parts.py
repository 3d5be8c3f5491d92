"""Co-handlers' own parts of a ticket: what each was asked for, until when, and what it answered."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed
from routing.models import Ticket

_OPEN = text("answered_at is null and void_at is null")


class TicketPart(Base):
    """One part; a department has at most one open at a time on a ticket. It is open until answered or void."""

    __tablename__ = "ticket_parts"
    __table_args__ = (
        Index("uq_ticket_parts_open", "ticket_id", "department", unique=True, postgresql_where=_OPEN),
        Index("ix_ticket_parts_department_due", "department", "due_at", postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    department: Mapped[str]
    words: Mapped[str] = mapped_column(Sealed)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Sealed)
    void_at: Mapped[datetime | None]


OPEN = TicketPart.answered_at.is_(None) & TicketPart.void_at.is_(None)


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[TicketPart]:
    """Return every part of the ticket, oldest first."""
    statement = select(TicketPart).where(TicketPart.ticket_id == ticket.id)
    return (await session.scalars(statement.order_by(TicketPart.id))).all()


async def open_of(session: AsyncSession, ticket: Ticket, department: str) -> TicketPart | None:
    """Return the department's open part of the ticket, if it has one."""
    statement = select(TicketPart).where(
        TicketPart.ticket_id == ticket.id,
        TicketPart.department == department,
        OPEN,
    )
    return await session.scalar(statement)


async def owed(session: AsyncSession, tickets: Iterable[Ticket], *, department: str) -> dict[int, TicketPart]:
    """Return the department's open parts of those of the tickets that another one leads, by the tickets' ids."""
    ids = [ticket.id for ticket in tickets if ticket.lead != department and department in ticket.open_parts]
    if not ids:
        return {}
    statement = select(TicketPart).where(TicketPart.ticket_id.in_(ids), TicketPart.department == department, OPEN)
    return {part.ticket_id: part for part in await session.scalars(statement)}

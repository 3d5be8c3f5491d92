"""The records of negotiations, and what they say of a like request."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ledger
from core.auth import Actor
from core.database import Base
from core.privacy import Sealed
from core.settings import settings
from routing import steps
from routing.catalogue import EVERYWHERE
from routing.messages import say
from routing.models import Ticket


class Negotiation(Base):
    """A question of duty: `state` open, decided or dropped; what it is about, and what was decided on what basis."""

    __tablename__ = "negotiations"
    __table_args__ = (Index("ix_negotiations_category_state", "category", "state"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    category: Mapped[str | None]
    area: Mapped[str]
    question: Mapped[str] = mapped_column(Sealed)
    state: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    lead: Mapped[str | None]
    co_handlers: Mapped[list[str]]
    basis: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Sealed)
    catalogue_version: Mapped[int | None] = mapped_column(ForeignKey("catalogue_versions.id"))


class Position(Base):
    """What one participant says: `stance` None until it has said anything."""

    __tablename__ = "negotiation_positions"

    negotiation_id: Mapped[int] = mapped_column(ForeignKey("negotiations.id", ondelete="CASCADE"), primary_key=True)
    department: Mapped[str] = mapped_column(primary_key=True, index=True)
    stance: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(Sealed)
    basis: Mapped[str | None]
    stated_by: Mapped[str | None]
    stated_at: Mapped[datetime | None]


async def end_with(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> None:
    """Drop the open negotiation on a ticket that its citizen took back, or that ended or follows another now."""
    running = select(Negotiation).where(Negotiation.ticket_id == ticket.id, Negotiation.state == "open")
    found = await session.scalar(running.with_for_update().execution_options(populate_existing=True))
    if found is None:
        return
    found.state, found.ended_by, found.ended_at = "dropped", str(actor), clock.now()
    locale = settings().locale
    found.reason = say("negotiation.ended_with_ticket", locale, state=say(f"state.{ticket.state}", locale))
    await session.flush()
    about = f"negotiation:{found.id}"
    await ledger.append(session, subject=about, kind="negotiation.dropped", actor=actor, data={"state": ticket.state})
    asked = select(Position.department).where(Position.negotiation_id == found.id)
    codes = (await session.scalars(asked)).all()
    await steps.record(
        session, ticket, "negotiation_dropped", actor=actor, also=codes, negotiation=found.id, department=None
    )


async def precedent(session: AsyncSession, ticket: Ticket) -> Negotiation | None:
    """Return the newest decision on the ticket's category, in its district or the whole city; None: there is none."""
    if ticket.category is None:
        return None
    here = or_(Negotiation.area == EVERYWHERE, Negotiation.area == ticket.district)
    statement = select(Negotiation).where(Negotiation.category == ticket.category, Negotiation.state == "decided", here)
    return await session.scalar(statement.order_by(Negotiation.ended_at.desc()).limit(1))

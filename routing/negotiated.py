"""The records of negotiations: who reads them, how one closes with its ticket, what they say of a like request."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Identity, Index, Select, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ledger
from core.auth import Actor, Permission, Role
from core.database import Base
from core.errors import NotFound
from core.privacy import Sealed
from core.settings import settings
from routing import reading, steps
from routing.catalogue import EVERYWHERE
from routing.messages import say
from routing.models import Ticket

MOST = 100


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
    shut_at: Mapped[datetime | None]  # from then on it reads it no longer, unless it works on the ticket


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which the actor sees a negotiation: by its ticket, or as one who was asked.

    Whoever was asked before the ticket was sealed or its author became secret sees it only if it works on the ticket.
    """
    if actor.may(Permission.TICKET_RULE):
        return Negotiation.id.is_not(None)
    if actor.may(Permission.TICKET_READ_ALL):
        return Negotiation.ticket_id.in_(select(Ticket.id).where(~Ticket.sealed))
    if actor.role is not Role.DEPARTMENT:
        return false()
    works_on_it = select(Ticket.id).where(Ticket.id == Negotiation.ticket_id, reading.visible_to(actor)).exists()
    asked = select(Position.department).where(
        Position.negotiation_id == Negotiation.id,
        Position.department == actor.department,
        or_(Position.shut_at.is_(None), works_on_it),
    )
    return asked.exists()


async def find(session: AsyncSession, id: int, *, actor: Actor, lock: bool = False) -> Negotiation:
    """Return a negotiation. Raises NotFound also where the actor does not see it."""
    statement = select(Negotiation).where(Negotiation.id == id, visible_to(actor))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound(say("refused.negotiation.none"))
    return found


async def positions(session: AsyncSession, negotiation: Negotiation) -> Sequence[Position]:
    """Return the participants with what they said, those who have said it first."""
    statement = select(Position).where(Position.negotiation_id == negotiation.id)
    return (await session.scalars(statement.order_by(Position.stated_at.nulls_last(), Position.department))).all()


async def listing(
    session: AsyncSession, *, actor: Actor, state: str | None = None, category: str | None = None, department: str = ""
) -> Sequence[Negotiation]:
    """Return negotiations that the actor sees, the newest first, at most a hundred.

    `category`: of this category and those below; `department`: that it was asked, or decided to lead.
    """
    statement: Select[Negotiation] = select(Negotiation).where(visible_to(actor))
    if state:
        statement = statement.where(Negotiation.state == state)
    if category:
        statement = statement.where(
            or_(Negotiation.category == category, Negotiation.category.startswith(f"{category}.", autoescape=True))
        )
    if department:
        asked = select(Position.negotiation_id).where(Position.department == department)
        statement = statement.where(or_(Negotiation.lead == department, Negotiation.id.in_(asked)))
    return (await session.scalars(statement.order_by(Negotiation.id.desc()).limit(MOST))).all()


async def waiting_for(session: AsyncSession, *, actor: Actor) -> int:
    """Return in how many open negotiations that it sees the actor's department has not said anything yet."""
    silent = select(Position.negotiation_id).where(Position.department == actor.department, Position.stance.is_(None))
    waiting = (Negotiation.state == "open", Negotiation.id.in_(silent), visible_to(actor))
    return await session.scalar(select(func.count()).select_from(Negotiation).where(*waiting)) or 0


def overdue(negotiation: Negotiation, position: Position, now: datetime) -> bool:
    """Say whether a participant let its time pass without a word."""
    waited_for = negotiation.state == "open" and position.stance is None and position.shut_at is None
    return waited_for and negotiation.due_at < now


async def shut_out(session: AsyncSession, ticket: Ticket) -> None:
    """Close the ticket's negotiations to who was asked before it became secret; the centre may ask anew."""
    of_ticket = select(Negotiation.id).where(Negotiation.ticket_id == ticket.id)
    shut = update(Position).where(Position.negotiation_id.in_(of_ticket), Position.shut_at.is_(None))
    await session.execute(shut.values(shut_at=clock.now()), execution_options={"synchronize_session": "fetch"})


async def asked(session: AsyncSession, negotiation: Negotiation) -> Sequence[str]:
    """Return the departments that were asked and still take part."""
    statement = select(Position.department).where(Position.negotiation_id == negotiation.id, Position.shut_at.is_(None))
    return (await session.scalars(statement)).all()


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
    codes = await asked(session, found)
    await steps.record(
        session, ticket, "negotiation_dropped", actor=actor, also=codes, negotiation=found.id, department=None
    )


async def precedent(session: AsyncSession, ticket: Ticket) -> Negotiation | None:
    """Return the newest decision on the ticket's category, in its district or the whole city; None: there is none.

    Of a sealed ticket nothing is learnt.
    """
    if ticket.category is None:
        return None
    here = or_(Negotiation.area == EVERYWHERE, Negotiation.area == ticket.district)
    statement = select(Negotiation).where(Negotiation.category == ticket.category, Negotiation.state == "decided", here)
    statement = statement.join(Ticket, Ticket.id == Negotiation.ticket_id).where(~Ticket.sealed)
    return await session.scalar(statement.order_by(Negotiation.ended_at.desc()).limit(1))

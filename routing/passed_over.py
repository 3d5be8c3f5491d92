"""Tickets that an agent sent elsewhere than the catalogue says: kept at the dispatch, and counted for its rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from routing.catalogue import Assignment
from routing.models import Ticket
from routing.tree import tree

MOST_READ = 5000  # the newest; what they say of a row, more would say too


class PassedOver(Base):
    """A ticket whose row of the catalogue named `lead`, and which a person sent to another department."""

    __tablename__ = "catalogue_passed_over"

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    lead: Mapped[str]
    sent_to: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


async def note(session: AsyncSession, ticket: Ticket, assigned: Assignment | None) -> None:
    """Keep that a person dispatched the ticket against its row.

    Nothing where there is none, where it leaves the ticket to people (it names the centre), or where the ticket went to
    a street of the department that it names: that is the same duty, one step on.
    """
    if assigned is None or assigned.lead is None or ticket.lead is None or is_with(ticket.lead, assigned.lead):
        return
    if tree().get(assigned.lead).kind != "centre":
        kept = PassedOver(ticket_id=ticket.id, lead=assigned.lead, sent_to=ticket.lead, at=clock.now())
        await session.merge(kept)


async def counted(session: AsyncSession, since: datetime) -> Sequence[Row[Any]]:
    """Return the newest of them that stayed elsewhere, in groups: category, place, whom the row named, who has them.

    Each with its count and the numbers of those that are not sealed. What the row's lead was later found not to be
    responsible for, counts among the returns.
    """
    newest = select(PassedOver).where(PassedOver.at >= since).order_by(PassedOver.at.desc()).limit(MOST_READ).subquery()
    columns = (
        Ticket.category,
        Ticket.district,
        Ticket.street,
        newest.c.lead,
        newest.c.sent_to,
        Ticket.lead.label("now"),
    )
    statement = (
        select(
            *columns, func.count().label("tickets"), func.array_agg(Ticket.number).filter(~Ticket.sealed).label("seen")
        )
        .join(newest, newest.c.ticket_id == Ticket.id)
        .where(~Ticket.wrong_leads.contains(func.to_jsonb(newest.c.lead)))
        .group_by(*columns)
    )
    return (await session.execute(statement)).all()


def is_with(department: str, lead: str) -> bool:
    """Say whether a department is the one that leads or one of its own streets or grids."""
    at: str | None = department
    while at is not None and at != lead:
        at = tree().get(at).parent if at in tree() else None
    return at == lead

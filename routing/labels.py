"""What the line's own life teaches: settled tickets as labelled texts.

A ticket is settled when it is closed, or when a department accepted it so long ago (`learning.settled_after_days`) that
it will hardly come back. Its department is the one that handled it last; those whose duty it was found not to be are
negative labels. Its category counts where a person set it right, where the first department kept the ticket, or where
the catalogue names for it whoever handled it in the end; else nobody has confirmed it.

Confidential tickets and tip-offs are labels too, and texts carry names and numbers of third persons. What is made from
labels must not show them: whoever learns cuts out long numbers first (`core.text.lessons.without_numbers`), and keeps
what several texts share, hashed and summed over categories (docs/understanding.md says what that can still show).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.ledger import Event
from routing import catalogue_versions
from routing.catalogue import Catalogue
from routing.models import Ticket
from routing.rules import rules
from routing.steps import PREFIX


class Origin(StrEnum):
    """How a label came about."""

    CONFIRMED = "confirmed"  # dispatched, kept and handled
    RETURNED = "returned"  # found not to be a department's duty, handled by another
    CORRECTED = "corrected"  # a person set its category right


@dataclass(frozen=True, slots=True)
class Label:
    """A settled ticket: its words, category and department where they are confirmed, and whose duty it was not."""

    number: str
    settled_at: datetime
    text: str
    category: str | None
    department: str | None
    wrong: tuple[str, ...]
    origin: Origin


async def settled(session: AsyncSession, *, most: int) -> list[Label]:
    """Return the labels of the `most` tickets settled last, oldest first. Reads their texts."""
    moment = _settled_at()
    statement = select(Ticket, moment).where(_is_settled()).order_by(moment.desc(), Ticket.id.desc()).limit(most)
    rows = (await session.execute(statement)).all()
    corrected = await _corrected(session, (ticket.number for ticket, _ in rows))
    duties = await catalogue_versions.in_force(session)
    labels = [_label(ticket, at, ticket.number in corrected, duties) for ticket, at in reversed(rows)]
    return [label for label in labels if label.category or label.department]


async def count_since(session: AsyncSession, moment: datetime | None) -> int:
    """Return how many tickets have been settled after a moment; None: ever."""
    statement = select(func.count()).select_from(Ticket).where(_is_settled())
    return int(await session.scalar(statement.where(_settled_at() > moment) if moment else statement) or 0)


def _is_settled() -> ColumnElement[bool]:
    accepted_by = clock.now() - timedelta(days=rules().learning.settled_after_days)
    kept = and_(Ticket.state.in_(("accepted", "replied")), Ticket.accepted_at <= accepted_by)
    corrected = select(Event.subject).where(Event.kind == PREFIX + "corrected", _changes_category())
    # Closed at once by an agent: nobody looked at it, unless somebody set its category right.
    looked_at = or_(Ticket.lead.is_not(None), func.concat("ticket:", Ticket.number).in_(corrected))
    return and_(or_(Ticket.state == "closed", kept), looked_at, ~Ticket.sealed)


def _changes_category() -> ColumnElement[bool]:
    return Event.data["before"]["category"].is_distinct_from(Event.data["after"]["category"])


def _settled_at() -> ColumnElement[datetime]:
    """Return the moment at which a ticket was settled; closing it later does not move it."""
    days = timedelta(days=rules().learning.settled_after_days)
    return func.least(Ticket.closed_at, Ticket.accepted_at + days)


async def _corrected(session: AsyncSession, numbers: Iterable[str]) -> set[str]:
    """Return the numbers of the tickets whose category a person set right."""
    subjects = [f"ticket:{number}" for number in numbers]
    statement = select(Event.subject).where(
        Event.subject.in_(subjects), Event.kind == PREFIX + "corrected", _changes_category()
    )
    return {subject.removeprefix("ticket:") for subject in await session.scalars(statement)}


def _label(ticket: Ticket, at: datetime, corrected: bool, duties: Catalogue) -> Label:
    wrong = tuple(code for code in ticket.wrong_leads if code != ticket.lead)
    origin = Origin.CORRECTED if corrected else Origin.RETURNED if wrong else Origin.CONFIRMED
    return Label(
        number=ticket.number,
        settled_at=at,
        text=text_of(ticket),
        category=ticket.category if corrected or _confirmed(ticket, duties) else None,
        department=ticket.lead,
        wrong=wrong,
        origin=origin,
    )


def _confirmed(ticket: Ticket, duties: Catalogue) -> bool:
    """Say whether what became of a ticket confirms its category."""
    if ticket.lead is None or ticket.category is None:  # closed at once: nobody looked at the category
        return False
    if not ticket.misdispatched:
        return True
    assigned = duties.find(category=ticket.category, district=ticket.district, street=ticket.street)
    return assigned is not None and assigned.lead == ticket.lead


def text_of(ticket: Ticket) -> str:
    """Return the words of a ticket once: a title that only repeats the beginning of the description is left out."""
    title, description = ticket.title, ticket.description
    return str(description if description.startswith(title.rstrip("…")) else f"{title}\n{description}")

"""What was dismissed teaches: a kind of finding that people dismiss again and again is kept, and shown only on request.

A kind is a check on a department's tickets of one first-level category. The latest decisions on it count, for as long
as `quality.yaml` says. One finding in so many is shown all the same, so that people can change their mind; what
harms a person is always shown.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor, Permission
from routing.models import Ticket
from routing.quality.checks import CHECKS, HARMFUL
from routing.quality.rules import quality
from routing.quality.tables import Finding

COUNTED = 50  # decisions on a kind that count, the latest
LISTED = 200


@dataclass(frozen=True, slots=True)
class Lesson:
    """Of so many decisions on this kind of finding so many dismissed it."""

    check: str
    department: str
    category: str
    dismissed: int
    decided: int
    days: int

    def as_json(self) -> dict[str, Any]:
        """Return plain values, to be kept with a finding."""
        return asdict(self)

    def holds(self) -> bool:
        """Say whether enough people decided, and enough of them so."""
        wanted = quality().lessons
        return self.decided >= wanted.decided_from and self.dismissed >= wanted.dismissed_share * self.decided


def subject(ticket: Ticket) -> str:
    """Return the first level of a ticket's category; empty where it has none."""
    return (ticket.category or "").split(".", 1)[0]


def sampled(ticket: Ticket) -> bool:
    """Say whether this ticket's findings are shown whatever was learnt: one in so many, the same at each reading."""
    return ticket.id % quality().lessons.shown_one_in == 0


async def learnt(session: AsyncSession, check: str, ticket: Ticket) -> Lesson | None:
    """Return why such a finding on this ticket is not shown unasked, or None where it is."""
    if CHECKS[check] >= HARMFUL:
        return None
    days = quality().lessons.days
    kind = {"check": check, "department": ticket.lead or "", "category": subject(ticket)}
    latest = (
        select(Finding.state)
        .filter_by(**kind)
        .where(Finding.decided_at >= clock.now() - timedelta(days=days))
        .order_by(Finding.decided_at.desc())
        .limit(COUNTED)
    )
    decided = (await session.scalars(latest)).all()
    lesson = Lesson(**kind, dismissed=sum(each == "dismissed" for each in decided), decided=len(decided), days=days)
    return lesson if lesson.holds() else None


async def listing(session: AsyncSession, *, actor: Actor) -> Sequence[Lesson]:
    """Return what holds now, most dismissed first. What people decided is read, not what was found."""
    actor.must(Permission.TICKET_RULE)
    days = quality().lessons.days
    kind = (Finding.check, Finding.department, Finding.category)
    place = func.row_number().over(partition_by=kind, order_by=Finding.decided_at.desc())
    lately = (
        select(*kind, Finding.state, place.label("place"))
        .where(Finding.decided_at >= clock.now() - timedelta(days=days))
        .subquery()
    )
    columns = lately.c.check, lately.c.department, lately.c.category
    dismissed = func.count().filter(lately.c.state == "dismissed")
    rows = await session.execute(
        select(*columns, dismissed, func.count())
        .where(lately.c.place <= COUNTED)
        .group_by(*columns)
        .having(func.count() >= quality().lessons.decided_from)
        .order_by(dismissed.desc())
        .limit(LISTED)
    )
    found = [Lesson(check, code, subject, gone, decided, days) for check, code, subject, gone, decided in rows]
    return [each for each in found if CHECKS.get(each.check, HARMFUL) < HARMFUL and each.holds()]

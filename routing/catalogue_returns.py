"""Which rows of the catalogue are wrong most: their tickets come back, or agents send them elsewhere by hand.

How often each, who has them in the end, and examples.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import catalogue_versions, passed_over
from routing.catalogue import DISTRICT, STREET, Catalogue, Row
from routing.models import Ticket
from routing.tree import tree

DAYS = 90
FEWEST = 2  # one return, or one agent's choice, may be anybody's mistake
ROWS = 10
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Returned:
    """A row, how many tickets it spoke of in the last 90 days, how many were found not to be its lead's duty.

    `sent_elsewhere`: how many more an agent dispatched to another department, which has them still, or whoever took
    them from there.

    `taken_by`: who has them now, most first; `proposed`: whom to write into the row, as the catalogue names it
    (`@street` where it was each time the street of the place), None where those who took them differ too much.
    """

    row: Row
    tickets: int
    returned: int
    sent_elsewhere: int
    taken_by: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]
    proposed: str | None

    @property
    def rate(self) -> float:
        """Return the share that came back or never went there."""
        return self.against / max(self.tickets, 1)

    @property
    def against(self) -> int:
        """Return how many tickets speak against the row."""
        return self.returned + self.sent_elsewhere


@dataclass(slots=True)
class _Count:
    returned: int = 0
    sent_elsewhere: int = 0
    taken_by: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def against(self) -> int:
        return self.returned + self.sent_elsewhere

    def add(self, department: str, count: int, numbers: Sequence[str] | None) -> None:
        """Count tickets that a department took."""
        self.taken_by[department] += count
        self.named[_as_named(department)] += count
        self.examples = sorted([*self.examples, *(numbers or ())], reverse=True)[:EXAMPLES]


async def most_returned(session: AsyncSession) -> list[Returned]:
    """Return the rows that returns and agents speak against most, by number and share; not those of a single ticket."""
    duties = await catalogue_versions.in_force(session)
    since = clock.now() - timedelta(days=DAYS)
    counts: dict[tuple[str, str], _Count] = {}
    columns = (Ticket.category, Ticket.district, Ticket.street, Ticket.wrong_leads, Ticket.lead)
    newest = func.array_agg(Ticket.number).filter(~Ticket.sealed)  # a sealed ticket counts, its number is not shown
    statement = (
        select(*columns, func.count(), newest)
        .where(literal_column("tickets.wrong_leads <> '[]'::jsonb"), Ticket.opened_at >= since)
        .group_by(*columns)
    )
    for category, district, street, wrong, lead, count, numbers in await session.execute(statement):
        found = duties.find(category=category, district=district, street=street) if category else None
        if found is None or found.lead not in wrong or lead is None or lead == found.lead:
            continue
        kept = counts.setdefault(found.row.key, _Count())
        kept.returned += count
        kept.add(lead, count, numbers)
    await _add_sent_elsewhere(session, duties, counts, since)
    often = sorted((key for key in counts if counts[key].against >= FEWEST), key=lambda key: -counts[key].against)
    found_rows = [await _returned(session, duties, key, counts[key]) for key in often[: ROWS * 2]]
    return sorted(found_rows, key=lambda each: -each.against * each.rate)[:ROWS]


async def _add_sent_elsewhere(
    session: AsyncSession, duties: Catalogue, counts: dict[tuple[str, str], _Count], since: datetime
) -> None:
    for each in await passed_over.counted(session, since):
        found = (
            duties.find(category=each.category, district=each.district, street=each.street) if each.category else None
        )
        # The row, or the ticket's category, was changed since; or it is with the row's lead after all.
        if found is None or found.lead != each.lead or each.now is None or passed_over.is_with(each.now, each.lead):
            continue
        kept = counts.setdefault(found.row.key, _Count())
        kept.sent_elsewhere += each.tickets
        # A district that sent it on to its street is whom the row would name.
        kept.add(each.sent_to if passed_over.is_with(each.now, each.sent_to) else each.now, each.tickets, each.seen)


async def _returned(session: AsyncSession, duties: Catalogue, key: tuple[str, str], count: _Count) -> Returned:
    row = duties.get(*key)
    assert row is not None  # the keys were taken from this catalogue
    since = clock.now() - timedelta(days=DAYS)
    places = (
        select(Ticket.category, Ticket.district, Ticket.street, func.count())
        .where(Ticket.category.like(f"{row.category}%"), Ticket.opened_at >= since, Ticket.dispatched_at.is_not(None))
        .group_by(Ticket.category, Ticket.district, Ticket.street)
    )
    tickets = 0
    for category, district, street, number in await session.execute(places):
        found = duties.find(category=category or "", district=district, street=street)
        tickets += number if found and found.row.key == key else 0
    named, most = count.named.most_common(1)[0]
    return Returned(
        row=row,
        tickets=tickets,
        returned=count.returned,
        sent_elsewhere=count.sent_elsewhere,
        taken_by=tuple(count.taken_by.most_common(3)),
        examples=tuple(count.examples),
        proposed=named if most * 2 > count.against else None,
    )


def _as_named(code: str) -> str:
    """Return a department as a row of the whole city names it."""
    kind = tree().get(code).kind if code in tree() else ""
    return {"district": DISTRICT, "street": STREET}.get(kind, code)

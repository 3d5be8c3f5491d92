"""What a change of the catalogue would do to tickets, counted by category and place and never one by one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from intents import categories
from routing.catalogue import EVERYWHERE, Catalogue
from routing.models import Ticket
from routing.workflow import FINISHED

LOOKED_BACK_DAYS = 90
EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class Move:
    """Tickets that a change would send elsewhere: from whom, to whom (None: to nobody), how many, how many open."""

    before: str | None
    after: str | None
    tickets: int
    open: int


@dataclass(frozen=True, slots=True)
class Effect:
    """The tickets of the last 90 days, or still open, that a change would send elsewhere, and the newest of them."""

    moves: tuple[Move, ...]
    examples: tuple[str, ...]

    @property
    def tickets(self) -> int:
        """Return how many there are."""
        return sum(move.tickets for move in self.moves)

    @property
    def open(self) -> int:
        """Return how many of them are open."""
        return sum(move.open for move in self.moves)


async def between(
    session: AsyncSession, before: Catalogue, after: Catalogue, keys: Iterable[tuple[str, str]]
) -> Effect:
    """Return what differs between two catalogues for tickets of these rows (`keys`: category and area)."""
    moves: Counter[tuple[str | None, str | None]] = Counter()
    still: Counter[tuple[str | None, str | None]] = Counter()
    places = []
    for category, district, street, count, count_open in await _groups(session, set(keys)):
        sent = (_lead(before, category, district, street), _lead(after, category, district, street))
        if sent[0] != sent[1]:
            moves[sent] += count
            still[sent] += count_open
            places.append((category, district or "", street or ""))
    return Effect(
        moves=tuple(Move(*sent, count, still[sent]) for sent, count in moves.most_common()),
        examples=tuple(await _examples(session, places)),
    )


async def _groups(
    session: AsyncSession, keys: set[tuple[str, str]]
) -> Sequence[tuple[str, str | None, str | None, int, int]]:
    """Return how many tickets the rows speak of, by category and place, and how many of them are open."""
    named = {category for category, _ in keys}
    below = [code for code in categories.tree() if any(f"{code}.".startswith(f"{each}.") for each in named)]
    areas = {area for _, area in keys}
    is_open = Ticket.state.not_in(FINISHED)
    since = clock.now() - timedelta(days=LOOKED_BACK_DAYS)
    statement = select(Ticket.category, Ticket.district, Ticket.street, func.count(), func.count().filter(is_open))
    statement = statement.where(Ticket.category.in_(below), or_(Ticket.opened_at >= since, is_open))
    if EVERYWHERE not in areas:
        statement = statement.where(Ticket.district.in_(areas))
    rows = await session.execute(statement.group_by(Ticket.category, Ticket.district, Ticket.street))
    return [(row[0] or "", row[1], row[2], row[3], row[4]) for row in rows]


async def _examples(session: AsyncSession, places: Sequence[tuple[str, str, str]]) -> Sequence[str]:
    """Return the newest tickets of these categories and places, the open ones first."""
    if not places:
        return []
    here = tuple_(Ticket.category, func.coalesce(Ticket.district, ""), func.coalesce(Ticket.street, ""))
    since = clock.now() - timedelta(days=LOOKED_BACK_DAYS)
    statement = (
        select(Ticket.number)
        .where(Ticket.category.in_({place[0] for place in places}), Ticket.opened_at >= since, here.in_(places))
        .where(~Ticket.sealed)  # they count, but their numbers are not shown
        .order_by(Ticket.state.in_(FINISHED), Ticket.opened_at.desc())
        .limit(EXAMPLES)
    )
    return (await session.scalars(statement)).all()


def _lead(used: Catalogue, category: str, district: str | None, street: str | None) -> str | None:
    found = used.find(category=category, district=district, street=street)
    return found.lead if found else None

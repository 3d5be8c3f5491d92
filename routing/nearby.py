"""Open tickets on the same matter, so that a second citizen can join instead of beginning anew.

`routing.nearness` finds them; from which score on one is offered, and how many, stands in `tickets.yaml` (`near`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.text.normalise import normalise
from intents import categories
from intents.gazetteer import gazetteer
from routing import nearness, vectors
from routing.departments import tree
from routing.messages import say
from routing.models import Ticket
from routing.phones import phone_index
from routing.rules import rules
from routing.whereabouts import Whereabouts

ALIKE = 5  # tickets that staff are shown beside one


@dataclass(frozen=True, slots=True)
class Similar:
    """An open ticket that is probably the same matter.

    `label`: road or landmark and what it is, for everybody; `title`: for staff; `similarity`: cosine; `score`: 0 to 1;
    `citizens`: how many reported it; `metres`: how far away, where both places are known that well; `department`: the
    short name of the one that has it.
    """

    id: int
    number: str
    title: str
    label: str
    opened_at: datetime
    department: str | None
    citizens: int
    similarity: float
    score: float
    metres: int | None
    days: int


async def near(
    session: AsyncSession,
    *,
    title: str,
    description: str,
    category: str | None,
    place: Whereabouts,
    conversation: str | None = None,
    phone: str | None = None,
    least: float | None = None,
    most: int | None = None,
) -> list[Similar]:
    """Return open tickets that a citizen may join, the likeliest first, with a score from `least` or `offered_from` on.

    `most`: how many, else as the city's rules say.
    `conversation`, `phone`: of the citizen, whose own tickets are never among them. Neither are tip-offs, confidential
    tickets, and those embedded by another encoder.
    """
    encoder, vector = await asyncio.to_thread(vectors.vector_of, title, description)
    now = clock.now()
    rows = await nearness.search(
        session,
        now=now,
        category=category,
        place=place,
        encoder=encoder,
        vector=vector,
        conversation=conversation,
        phone=phone_index(phone) if phone else None,
        least=rules().near.offered_from if least is None else least,
        limit=most or rules().near.most,
    )
    return [_similar(row, place, now) for row in rows]


async def alike(session: AsyncSession, ticket: Ticket, vector: Sequence[float], *, least: float) -> list[Similar]:
    """Return open tickets on the same matter as an existing one, secret ones too: for the centre alone.

    Those that people told apart from it (`routing.suspected`) are not among them.
    `vector`: the ticket's own; `least`: the score from which they count.
    """
    place = Whereabouts(
        district=ticket.district,
        street=ticket.street,
        road=ticket.road,
        landmark=ticket.landmark,
        house=ticket.house,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
    )
    now = clock.now()
    rows = await nearness.search(
        session,
        now=now,
        category=ticket.category,
        place=place,
        encoder=ticket.encoder or "",
        vector=[float(each) for each in vector],
        own=ticket.id,
        with_secret=True,
        least=least,
        limit=ALIKE,
    )
    return [_similar(row, place, now) for row in rows]


def _similar(row: Any, place: Whereabouts, now: datetime) -> Similar:
    lead = tree().get(row.lead).short_name if row.lead and row.lead in tree() else None
    return Similar(
        id=row.id,
        number=row.number,
        title=row.title,
        label=label(row.category, _shown_place(row.landmark, place.landmark) or _shown_place(row.road, place.road)),
        opened_at=row.opened_at,
        department=lead,
        citizens=row.citizens,
        similarity=round(float(row.cosine), 4),
        score=round(float(row.score), 4),
        metres=None if row.metres is None else round(row.metres),
        days=max((now - row.opened_at).days, 0),
    )


def _shown_place(name: str | None, asked: str | None) -> str | None:
    """Return a name that everybody knows, or that the asking citizen said too."""
    return name if name and name == asked else known_name(name)


def known_name(name: str | None) -> str | None:
    """Return a name of the gazetteer; None for a place that only a citizen named."""
    return name if name and normalise(name) in gazetteer().names else None


def label(category: str | None, place: str | None) -> str:
    """Return what a matter is called before others: place and category, never a word that its citizen wrote."""
    node = categories.tree().get(category) if category else None
    return f"{place or ''}{node.name if node else say('near.matter')}"

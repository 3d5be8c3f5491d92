"""Open tickets on the same matter, so that a second citizen can join instead of beginning anew."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.text.encode import encoder
from intents import RequestType
from routing.models import Ticket
from routing.rules import rules
from routing.workflow import FINISHED

CHARACTERS_READ = 200  # the matter stands at the beginning


@dataclass(frozen=True, slots=True)
class Similar:
    """An open ticket that reads like the text: cosine between 0 and 1."""

    number: str
    title: str
    opened_at: datetime
    similarity: float


def vector_of(title: str, description: str) -> tuple[str, list[float]]:
    """Return the encoder's fingerprint and the vector of a ticket. Takes milliseconds: call it in a thread."""
    return _vector(description if description.startswith(title.rstrip("…")) else f"{title} {description}")


def _vector(text: str) -> tuple[str, list[float]]:
    used = encoder()
    return used.fingerprint, used.encode([text[:CHARACTERS_READ]])[0].tolist()


async def near(
    session: AsyncSession,
    *,
    category: str | None,
    district: str | None,
    street: str | None = None,
    text: str,
    limit: int = 3,
) -> list[Similar]:
    """Return open tickets that read like `text`, most alike first, in the same place and the same first-level category.

    Confidential tickets and tip-offs are never among them; nor are tickets embedded by another encoder.
    """
    fingerprint, vector = await asyncio.to_thread(_vector, text)
    distance = Ticket.embedding.cosine_distance(vector)
    statement = (
        select(Ticket.number, Ticket.title, Ticket.opened_at, (1 - distance).label("similarity"))
        .where(
            Ticket.state.not_in(FINISHED),
            ~Ticket.confidential,
            Ticket.request_type != RequestType.TIP_OFF,
            Ticket.encoder == fingerprint,
        )
        .order_by(distance)
        .limit(limit)
    )
    if category:
        first = category.split(".")[0]
        statement = statement.where((Ticket.category == first) | Ticket.category.startswith(f"{first}."))
    if district:
        statement = statement.where(Ticket.district == district)
    if street:
        statement = statement.where((Ticket.street == street) | Ticket.street.is_(None))
    least = rules().near.similarity_from
    return [
        Similar(number=number, title=title, opened_at=opened_at, similarity=round(float(similarity), 4))
        for number, title, opened_at, similarity in await session.execute(statement)
        if similarity >= least
    ]

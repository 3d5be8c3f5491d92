"""Open tickets on the same matter, so that a second citizen can join instead of beginning anew."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs, versions
from core.database import transaction
from core.text.encode import Encoder, encoder
from intents import RequestType
from routing.models import Ticket
from routing.rules import rules
from routing.workflow import FINISHED

CHARACTERS_READ = 200  # the matter stands at the beginning
BATCH = 64  # tickets that get a new vector in one transaction
LOOKED_EVERY = 600  # seconds after which a process looks again for tickets that another encoder's process opened

_looked: tuple[str, float] | None = None  # the encoder, and when no ticket was left with another's vector


@dataclass(frozen=True, slots=True)
class Similar:
    """An open ticket that reads like the text: cosine between 0 and 1."""

    number: str
    title: str
    opened_at: datetime
    similarity: float


def vector_of(title: str, description: str) -> tuple[str, list[float]]:
    """Return the encoder's fingerprint and the vector of a ticket. Takes milliseconds: call it in a thread."""
    return _vector(_text(title, description))


def _text(title: str, description: str) -> str:
    return description if description.startswith(title.rstrip("…")) else f"{title} {description}"


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
            Ticket.state.not_in((*FINISHED, "merged")),  # whoever joins a merged one joins its master
            ~Ticket.confidential,
            ~Ticket.sealed,
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


@jobs.sweep("tickets.vectors", seconds=30)
async def embed_again() -> None:
    """Give tickets the vector of the encoder in service where they have another's, newest first.

    Only a process that has taken up what is in service does so: one that lags behind would undo what others did.
    """
    global _looked
    used = encoder()
    if _looked and _looked[0] == used.fingerprint and time.monotonic() - _looked[1] < LOOKED_EVERY:
        return
    while await _is_in_service(used):
        if await _embed_some(used) < BATCH:
            _looked = used.fingerprint, time.monotonic()
            return


async def _is_in_service(used: Encoder) -> bool:
    async with transaction() as session:
        return await versions.encoder_lags(session, used) is None


async def _embed_some(used: Encoder) -> int:
    """Embed a batch and return how many tickets it had."""
    async with transaction() as session:
        foreign = select(Ticket.id, Ticket.title, Ticket.description).where(
            Ticket.encoder.is_distinct_from(used.fingerprint)
        )
        rows = (
            await session.execute(foreign.order_by(Ticket.id.desc()).limit(BATCH).with_for_update(skip_locked=True))
        ).all()
        texts = [_text(title, description)[:CHARACTERS_READ] for _, title, description in rows]
        vectors = await asyncio.to_thread(used.encode, texts)
        for (number, _, _), vector in zip(rows, vectors, strict=True):
            new = {"encoder": used.fingerprint, "embedding": vector.tolist()}
            await session.execute(update(Ticket).where(Ticket.id == number).values(new))
    return len(rows)

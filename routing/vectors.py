"""The vectors of tickets, by which those that read alike are found; each knows its encoder."""

import asyncio
import time

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs, versions
from core.database import transaction
from core.text.encode import Encoder, encoder
from routing.models import Ticket

CHARACTERS_READ = 200  # the matter stands at the beginning
BATCH = 64  # tickets that get a new vector in one transaction
LOOKED_EVERY = 600  # seconds after which a process looks again for tickets that another encoder's process opened

_looked: tuple[str, float] | None = None  # the encoder, and when no ticket was left with another's vector


def vector_of(title: str, description: str) -> tuple[str, list[float]]:
    """Return the encoder's fingerprint and the vector of a ticket. Takes milliseconds: call it in a thread."""
    return _vector(_text(title, description))


def _text(title: str, description: str) -> str:
    return description if description.startswith(title.rstrip("…")) else f"{title} {description}"


def _vector(text: str) -> tuple[str, list[float]]:
    used = encoder()
    return used.fingerprint, used.encode([text[:CHARACTERS_READ]])[0].tolist()


async def keep(session: AsyncSession, ticket: Ticket) -> None:
    """Give a ticket that has none the vector of the encoder in service; the next citizen finds it by that."""
    if ticket.encoder is None:
        ticket.encoder, ticket.embedding = await asyncio.to_thread(vector_of, ticket.title, ticket.description)
        await session.flush()
        await _wait_for_topics(session, [ticket.id])


async def _wait_for_topics(session: AsyncSession, ids: list[int]) -> None:
    """Let tickets that have their first vector wait for the sweep `topics.gather`."""
    # By name: the package of topics stands above this module.
    await session.execute(
        text(
            "insert into topic_tickets (ticket_id, opened_at, waiting)"
            " select id, opened_at, true from tickets where id = any(:ids) on conflict do nothing"
        ),
        {"ids": ids},
    )


async def _wait_for_night(session: AsyncSession, ids: list[int]) -> None:
    """Let the topics of tickets with another encoder's vector be looked at by night: their centre is a new one."""
    await session.execute(
        text(
            "update topics set changed = true from topic_tickets"
            " where topic_tickets.ticket_id = any(:ids) and topics.id = topic_tickets.topic_id and not topics.changed"
        ),
        {"ids": ids},
    )


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
        foreign = select(Ticket.id, Ticket.title, Ticket.description, Ticket.encoder).where(
            Ticket.encoder.is_distinct_from(used.fingerprint)
        )
        rows = (
            await session.execute(
                foreign.order_by(Ticket.id.desc()).limit(BATCH).with_for_update(key_share=True, skip_locked=True)
            )
        ).all()
        texts = [_text(title, description)[:CHARACTERS_READ] for _, title, description, _ in rows]
        vectors = await asyncio.to_thread(used.encode, texts)
        for (id, *_), vector in zip(rows, vectors, strict=True):
            new = {"encoder": used.fingerprint, "embedding": vector.tolist()}
            await session.execute(update(Ticket).where(Ticket.id == id).values(new))
        await _wait_for_topics(session, [id for id, _, _, before in rows if before is None])
        await _wait_for_night(session, [id for id, _, _, before in rows if before is not None])
    return len(rows)

"""Answers kept for whoever asks the same again: the `Idempotency-Key` of a program that heard no answer.

The answer is kept by the transaction that did the work, so both are there or neither. A second request with the key
waits on the first one's row until that has committed, then gets its answer. Answers may be personal: sealed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, jobs
from core.auth import Actor
from core.database import Base, transaction
from core.errors import Conflict
from core.privacy import Sealed, blind_index

KEPT = timedelta(days=7)
AT_ONCE = 500


class KeptAnswer(Base):
    """What one actor was answered to one key; the request is kept as a keyed digest."""

    __tablename__ = "kept_answers"

    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    etag: Mapped[str | None]
    body: Mapped[str | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP: status, entity tag, JSON."""

    status: int
    etag: str | None
    body: str


async def begin(session: AsyncSession, *, actor: Actor, key: str, request: str) -> Answer | None:
    """Return the answer given to this key before, None where it is the first time: then do the work and `keep`.

    Waits while another transaction works on the key. Raises Conflict where the key came with another request.
    """
    digest = blind_index(request)
    mine = await session.scalar(
        insert(KeptAnswer)
        .values(actor=str(actor), key=key, request=digest, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(KeptAnswer.key)
    )
    if mine is not None:
        return None
    kept = await session.scalar(select(KeptAnswer).where(KeptAnswer.actor == str(actor), KeptAnswer.key == key))
    if kept is None or kept.request != digest:
        raise Conflict("这个 Idempotency-Key 已用于另一个请求，请换一个新的。")
    assert kept.status is not None and kept.body is not None
    return Answer(status=kept.status, etag=kept.etag, body=kept.body)


async def keep(session: AsyncSession, *, actor: Actor, key: str, answer: Answer) -> None:
    """Keep the answer to what `begin` began, in the same transaction."""
    await session.execute(
        update(KeptAnswer)
        .where(KeptAnswer.actor == str(actor), KeptAnswer.key == key)
        .values(status=answer.status, etag=answer.etag, body=answer.body)
    )


@jobs.sweep("idempotency.old", seconds=3600)
async def forget() -> None:
    """Delete answers that are older than a week, a portion a transaction."""
    old = (
        select(KeptAnswer.actor, KeptAnswer.key).where(KeptAnswer.created_at < clock.now() - KEPT).limit(AT_ONCE)
    ).subquery()
    statement = delete(KeptAnswer).where(KeptAnswer.actor == old.c.actor, KeptAnswer.key == old.c.key)
    while True:
        async with transaction() as session:
            gone = await session.execute(statement)
        if gone.rowcount < AT_ONCE:  # type: ignore[attr-defined]
            return

"""Notices on their way out. A lower room writes a row that names a channel; the worker hands it to that channel.

The row and its job commit with whatever caused them; the idempotency key makes the same notice go out once.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Identity, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, jobs
from core.database import Base, transaction
from core.errors import Unavailable

TRIED_FOR = timedelta(days=3)  # a notice that could not go out for so long is old news


class Notice(Base):
    """One message for one recipient over one channel. `recipient` and `content` are the channel's to read."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    recipient: Mapped[dict[str, Any]]
    kind: Mapped[str]
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


Deliver = Callable[[AsyncSession, Notice], Awaitable[None]]

_channels: dict[str, Deliver] = {}


def connect(channel: str, deliver: Deliver) -> None:
    """Name the function that delivers notices of `channel`; the roof does this when it assembles the worker."""
    _channels[channel] = deliver


async def post(
    session: AsyncSession,
    *,
    channel: str,
    recipient: dict[str, Any],
    kind: str,
    content: dict[str, Any],
    idempotency_key: str,
) -> int | None:
    """Write a notice and its job in the caller's transaction; return its id, or None when the key was used before."""
    statement = (
        insert(Notice)
        .values(
            idempotency_key=idempotency_key,
            channel=channel,
            recipient=recipient,
            kind=kind,
            content=content,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["idempotency_key"])
        .returning(Notice.id)
    )
    notice_id = await session.scalar(statement)
    if notice_id is not None:
        await _defer(session, notice_id)
    return notice_id


async def _defer(session: AsyncSession, notice_id: int) -> None:
    await jobs.defer(session, "outbox.deliver", lock=f"outbox:{notice_id}", notice_id=notice_id)


async def hurry(session: AsyncSession, keys: Sequence[str]) -> None:
    """Let the notices with these idempotency keys that wait for their next attempt go now."""
    waiting = select(Notice.id).where(Notice.idempotency_key.in_(keys), Notice.delivered_at.is_(None))
    ids = [str(id) for id in await session.scalars(waiting)]
    await session.execute(
        text(
            "update procrastinate_jobs set scheduled_at = now() where status = 'todo' and scheduled_at > now() "
            "and task_name = 'outbox.deliver' and args->>'notice_id' = any(:ids)"
        ),
        {"ids": ids},
    )


@jobs.sweep("outbox.again", seconds=600)
async def again() -> None:
    """Try again, for three days, the notices whose job gave up: a channel may be down for longer than a job tries."""
    async with transaction() as session:
        waiting = select(Notice.id).where(
            Notice.delivered_at.is_(None),
            Notice.created_at > clock.now() - TRIED_FOR,
            text(
                "not exists (select from procrastinate_jobs where task_name = 'outbox.deliver' "
                "and status in ('todo', 'doing') and args->>'notice_id' = outbox.id::text)"
            ),
        )
        for notice_id in await session.scalars(waiting.with_for_update(skip_locked=True)):
            await _defer(session, notice_id)


@jobs.task("outbox.deliver")
async def deliver(notice_id: int) -> None:
    """Hand the notice to its channel once; a failure is retried with growing pauses."""
    async with transaction() as session:
        notice = await session.scalar(select(Notice).where(Notice.id == notice_id).with_for_update())
        if notice is None or notice.delivered_at is not None:
            return
        if notice.channel not in _channels:
            raise Unavailable(f"No channel {notice.channel} is connected to the worker.")
        await _channels[notice.channel](session, notice)
        notice.delivered_at = clock.now()

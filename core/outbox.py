"""Notices on their way out. A lower room writes a row that names a channel; the worker hands it to that channel.

The row and its job commit with whatever caused them, and the idempotency key makes one notice of it. A channel that
only writes into the database delivers it exactly once. One that sends it elsewhere delivers it at least once: a worker
that dies between sending and committing sends it again. Where twice is worse than never (`at_most_once`), that it is
being sent is committed first, and a notice whose sending has no known end becomes a dead letter for a person to judge.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, dead_letters, jobs
from core.database import Base, transaction
from core.dead_letters import DeadLetter
from core.errors import Unavailable, Uncertain, YitongError
from core.settings import settings

TRIED_FOR = timedelta(days=3)  # a notice that could not go out for so long is old news
DELETED_AT_ONCE = 5000


class Notice(Base):
    """One message for one recipient over one channel. `recipient` and `content` are the channel's to read."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "id", postgresql_where=text("delivered_at is null and dead_at is null")),
        Index("ix_outbox_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    recipient: Mapped[dict[str, Any]]
    kind: Mapped[str]
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)  # that failed
    at_most_once: Mapped[bool] = mapped_column(default=False)
    claimed_at: Mapped[datetime | None]  # of one to be sent at most once: its sending began
    tried_from: Mapped[datetime] = mapped_column(default=clock.now)
    dead_at: Mapped[datetime | None]


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
    at_most_once: bool = False,
) -> int | None:
    """Write a notice and its job in the caller's transaction; return its id, or None when the key was used before.

    `at_most_once`: rather never than twice, for what a citizen would answer twice.
    """
    now = clock.now()
    statement = (
        insert(Notice)
        .values(
            idempotency_key=idempotency_key,
            channel=channel,
            recipient=recipient,
            kind=kind,
            content=content,
            created_at=now,
            attempts=0,
            at_most_once=at_most_once,
            tried_from=now,
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


async def try_again(session: AsyncSession, notice_id: int) -> None:
    """Try a dead notice for its whole time again, in the caller's transaction."""
    notice = await session.get(Notice, notice_id, with_for_update=True)
    if notice is not None and notice.delivered_at is None:
        notice.dead_at, notice.claimed_at, notice.tried_from = None, None, clock.now()
        await _defer(session, notice_id)


@jobs.sweep("outbox.again", seconds=600)
async def again() -> None:
    """Try again the notices whose job gave up, for three days: a channel may be down for longer than a job tries."""
    async with transaction() as session:
        waiting = select(Notice).where(
            Notice.delivered_at.is_(None),
            Notice.dead_at.is_(None),
            text(
                "not exists (select from procrastinate_jobs where status in ('todo', 'doing') "
                "and lock = 'outbox:' || outbox.id)"
            ),
        )
        for notice in await session.scalars(waiting.with_for_update(skip_locked=True)):
            if _in_time(notice):
                await _defer(session, notice.id)
            else:
                await _bury(session, notice, "Unavailable", "")


@jobs.sweep("outbox.old", seconds=3600)
async def forget_old() -> None:
    """Delete what was delivered, or what somebody has decided on, so long ago as the setting says."""
    undecided = select(DeadLetter.id).where(
        DeadLetter.kind == dead_letters.NOTICE, DeadLetter.reference == Notice.id, DeadLetter.settled_at.is_(None)
    )
    old = select(Notice.id).where(
        Notice.created_at < clock.now() - timedelta(days=settings().notices_kept_days),
        Notice.delivered_at.is_not(None) | Notice.dead_at.is_not(None),
        ~undecided.exists(),
    )
    deleted = DELETED_AT_ONCE
    while deleted == DELETED_AT_ONCE:
        async with transaction() as session:
            gone = delete(Notice).where(Notice.id.in_(old.limit(DELETED_AT_ONCE))).returning(Notice.id)
            deleted = len((await session.scalars(gone)).all())


@jobs.task("outbox.deliver", queue=jobs.NOTICES, buried=False)
async def deliver(notice_id: int) -> None:
    """Hand the notice to its channel; a failure is retried with growing pauses."""
    sent = False
    try:
        async with transaction() as session:
            notice = await _waiting(session, notice_id)
            if notice is None:
                return
            if notice.claimed_at is not None:
                raise Uncertain("上一次发送没有结果，可能已经送达。")
            if notice.at_most_once:
                notice.claimed_at = clock.now()
            else:
                await _hand_over(session, notice)
                return
        async with transaction() as session:
            if (notice := await _waiting(session, notice_id)) is not None:
                await _hand_over(session, notice)
                sent = True
    except Exception as error:
        certain = isinstance(error, YitongError) and not isinstance(error, Uncertain) and not sent
        if await _note_failure(notice_id, error, certain=certain):
            raise


async def _waiting(session: AsyncSession, notice_id: int) -> Notice | None:
    """Return the notice, locked, unless it is gone, delivered or given up."""
    wanted = select(Notice).where(Notice.id == notice_id, Notice.delivered_at.is_(None), Notice.dead_at.is_(None))
    return await session.scalar(wanted.with_for_update())


async def _hand_over(session: AsyncSession, notice: Notice) -> None:
    if notice.channel not in _channels:
        raise Unavailable(f"No channel {notice.channel} is connected to the worker.")
    await _channels[notice.channel](session, notice)
    notice.delivered_at = clock.now()


async def _note_failure(notice_id: int, error: Exception, *, certain: bool) -> bool:
    """Write the failure down and say whether to try again; `certain`: it was not sent."""
    async with transaction() as session:
        notice = await _waiting(session, notice_id)
        if notice is None:
            return False
        notice.attempts += 1
        if _in_time(notice) and (certain or not notice.at_most_once):
            notice.claimed_at = None
            return True
        await _bury(session, notice, type(error).__name__, dead_letters.sentence_of(error))
        return False


def _in_time(notice: Notice) -> bool:
    return clock.now() < notice.tried_from + TRIED_FOR


async def _bury(session: AsyncSession, notice: Notice, error: str, sentence: str) -> None:
    notice.dead_at = clock.now()
    await dead_letters.bury(
        session,
        kind=dead_letters.NOTICE,
        reference=notice.id,
        what=f"{notice.channel}:{notice.kind}",
        about=dead_letters.about(notice.recipient, notice.content),
        error=error,
        sentence=sentence,
        attempts=notice.attempts,
        since=notice.created_at,
    )

"""What could not be done: jobs that failed every attempt, and notices that could not be delivered for their time.

A dead letter says what, about what, since when, why and how often tried, without personal data, and waits until an
administrator has it tried again or puts it aside (`core.settling`). Nothing it stands for is deleted before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, privacy
from core.database import Base
from core.errors import YitongError

JOB, NOTICE = "job", "notice"
# Arguments of jobs and parts of notices that say what they are about; anything else may be personal.
NAMED = ("number", "conversation", "subscription", "attachment", "upload", "notice_id")


class DeadLetter(Base):
    """One job or notice (`kind`, `reference`: its id) that nobody tries any more."""

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index("uq_dead_letters_open", "kind", "reference", unique=True, postgresql_where=text("settled_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    reference: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]  # the task, or channel and kind of the notice
    about: Mapped[dict[str, Any]]
    error: Mapped[str]  # the type of the last error
    sentence: Mapped[str]
    attempts: Mapped[int]
    since: Mapped[datetime]
    failed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_as: Mapped[str | None]  # retried put_aside
    settled_by: Mapped[str | None]
    reason: Mapped[str | None]


def about(*sources: dict[str, Any]) -> dict[str, Any]:
    """Return what may be shown of arguments: numbers and ids, never words."""
    return {name: value for source in sources for name, value in source.items() if name in NAMED}


def sentence_of(error: BaseException) -> str:
    """Return the sentence of an error of ours, masked; a foreign error's own words may hold anything."""
    return privacy.mask_text(error.sentence) if isinstance(error, YitongError) else ""


async def bury(
    session: AsyncSession,
    *,
    kind: str,
    reference: int,
    what: str,
    about: dict[str, Any],
    error: str,
    sentence: str,
    attempts: int,
    since: datetime,
) -> None:
    """Write a dead letter; a second one of the same job or notice changes nothing while the first is open."""
    values = {"kind": kind, "reference": reference, "what": what, "about": about, "error": error}
    values |= {"sentence": sentence, "attempts": attempts, "since": since, "failed_at": clock.now()}
    await session.execute(insert(DeadLetter).values(**values).on_conflict_do_nothing())


async def waiting(
    session: AsyncSession, *, what: str | None = None, limit: int = 100, before: int | None = None
) -> Sequence[DeadLetter]:
    """Return dead letters that wait for a decision, newest first; `what`: of this task or channel and kind only."""
    wanted = select(DeadLetter).where(DeadLetter.settled_at.is_(None)).order_by(DeadLetter.id.desc()).limit(limit)
    if what is not None:
        wanted = wanted.where(DeadLetter.what == what)
    if before is not None:
        wanted = wanted.where(DeadLetter.id < before)
    return (await session.scalars(wanted)).all()


async def counts(session: AsyncSession) -> dict[tuple[str, str], int]:
    """Return how many wait, by kind and what."""
    rows = await session.execute(
        select(DeadLetter.kind, DeadLetter.what, func.count())
        .where(DeadLetter.settled_at.is_(None))
        .group_by(DeadLetter.kind, DeadLetter.what)
        .order_by(func.count().desc(), DeadLetter.what)
    )
    return {(kind, what): count for kind, what, count in rows}

"""Append-only events. Each subject's events are numbered and chained by SHA-256; the database refuses change.

The hash covers subject, number, moment, actor, kind, data and the hash before it, as canonical JSON.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.auth import Actor
from core.database import Base

GENESIS = bytes(32)


class Event(Base):
    """One thing that happened to one subject (`ticket:20261122-000001`, `conversation:…`, `article:…`)."""

    __tablename__ = "events"
    __table_args__ = (Index("uq_events_subject_number", "subject", "number", unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject: Mapped[str]
    number: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found: events read, whether every chain holds, and the id of the first event that does not."""

    events: int
    ok: bool
    first_bad: int | None


def digest(event: Event) -> bytes:
    """Return the hash that the event must carry."""
    canonical = json.dumps(
        [
            event.subject,
            event.number,
            event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            event.actor,
            event.kind,
            event.data,
            event.previous.hex(),
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).digest()


async def append(
    session: AsyncSession, *, subject: str, kind: str, actor: Actor, data: dict[str, Any], first: bool = False
) -> Event:
    """Write one event in the caller's transaction and return it. `data` holds no personal field in clear.

    `first`: the caller has just made the subject, so this is its event 1 and nothing is locked or read; the unique
    index on subject and number refuses a second one (IntegrityError).
    """
    last = None if first else await _last(session, subject)
    event = Event(
        subject=subject,
        number=last.number + 1 if last else 1,
        at=clock.now(),
        actor=str(actor),
        kind=kind,
        data=json.loads(json.dumps(data, default=str)),
        previous=last.hash if last else GENESIS,
    )
    event.hash = digest(event)
    session.add(event)
    await session.flush()
    return event


async def _last(session: AsyncSession, subject: str) -> Event | None:
    # Two transactions on one subject queue here; different subjects do not wait for each other.
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:subject, 1))"), {"subject": f"ledger:{subject}"}
    )
    return await session.scalar(select(Event).where(Event.subject == subject).order_by(Event.number.desc()).limit(1))


async def history(session: AsyncSession, subject: str) -> Sequence[Event]:
    """Return the subject's events, oldest first."""
    return (await session.scalars(select(Event).where(Event.subject == subject).order_by(Event.number))).all()


async def verify(session: AsyncSession) -> Verification:
    """Read the whole ledger and check every chain."""
    count, first_bad = 0, None
    subject, number, previous = None, 0, GENESIS
    rows = await session.stream_scalars(
        select(Event).order_by(Event.subject, Event.number).execution_options(yield_per=1000)
    )
    async for event in rows:
        count += 1
        if event.subject != subject:
            subject, number, previous = event.subject, 0, GENESIS
        sound = event.number == number + 1 and event.previous == previous and event.hash == digest(event)
        if not sound and (first_bad is None or event.id < first_bad):
            first_bad = event.id
        number, previous = event.number, event.hash
        session.expunge(event)
    return Verification(events=count, ok=first_bad is None, first_bad=first_bad)

"""Append-only events. Each subject's events are numbered and chained by SHA-256; the database refuses change.

The hash covers subject, number, moment, actor, kind, data and the hash before it, as canonical JSON.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.auth import Actor
from core.database import Base

GENESIS = bytes(32)
WHOLE_FROM = 1e16  # from here on Python writes floats with an exponent, PostgreSQL as the whole numbers that they are

# The function takes the subject's lock, reads its last event, computes the hash and inserts.
_APPEND = text(
    "select appended.* from (select * from rows from (jsonb_to_recordset(cast(:events as jsonb)) as (subject text, "
    "at timestamptz, actor text, kind text, data jsonb, before_number text, after_number text)) with ordinality as "
    "n(subject, at, actor, kind, data, before_number, after_number, position) order by position) new, "
    "append_event(new.subject, new.at, new.actor, new.kind, new.data, new.before_number, new.after_number) appended"
)


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


def digest(event: Event) -> bytes:
    """Return the hash that the event must carry."""
    return digest_of(
        event.subject, event.number, _moment(event.at), event.actor, event.kind, event.data, event.previous
    )


def digest_of(subject: str, number: int, at: str, actor: str, kind: str, data: Any, previous: bytes) -> bytes:
    """Return the hash of these; `at` is the moment in UTC as `2026-11-22T16:00:14.201377+00:00`."""
    before_number, after_number = _around_number(subject, at, actor, kind, data)
    return hashlib.sha256(f'{before_number}{number}{after_number}"{previous.hex()}"]'.encode()).digest()


def canonical(value: Any) -> str:
    """Return the one JSON text of a value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _around_number(subject: str, at: str, actor: str, kind: str, data: Any) -> tuple[str, str]:
    """Return the event's canonical JSON before its number, and from there to the hash before it."""
    return f"[{canonical(subject)},", f",{canonical([at, actor, kind, data])[1:-1]},"


@dataclass(frozen=True, slots=True)
class New:
    """An event to be written; `data` holds no personal field in clear."""

    subject: str
    kind: str
    actor: Actor
    data: dict[str, Any]


async def append(
    session: AsyncSession, *, subject: str, kind: str, actor: Actor, data: dict[str, Any], first: bool = False
) -> Event:
    """Write one event in the caller's transaction and return it. `data` holds no personal field in clear.

    Two transactions on one subject queue here, different subjects do not wait for each other. `first`: the caller has
    just made the subject, so this is its event 1 and nothing is locked or read; the unique index on subject and number
    refuses a second one (IntegrityError).
    """
    if first:
        event = first_event(subject=subject, kind=kind, actor=actor, data=data)
        session.add(event)
        await session.flush()
        return event
    return (await append_all(session, [New(subject, kind, actor, data)]))[0]


async def append_all(session: AsyncSession, new: Sequence[New]) -> Sequence[Event]:
    """Write events, in their order, as `append` does, in one round trip; return them in that order.

    Who writes for several subjects at once holds what keeps others from writing for them (the rows of the tickets).
    """
    at, events = clock.now(), []
    for each in new:
        actor, kept = str(each.actor), _as_kept(each.data)
        before_number, after_number = _around_number(each.subject, _moment(at), actor, each.kind, kept)
        event = {"subject": each.subject, "at": at.isoformat(), "actor": actor, "kind": each.kind, "data": kept}
        events.append(event | {"before_number": before_number, "after_number": after_number})
    statement = select(Event).from_statement(_APPEND)
    return (await session.scalars(statement, {"events": canonical(events)})).all()


def first_event(*, subject: str, kind: str, actor: Actor, data: dict[str, Any]) -> Event:
    """Return the event 1 of a new subject, unwritten, for whoever writes it together with the subject."""
    event = Event(
        subject=subject,
        number=1,
        at=clock.now(),
        actor=str(actor),
        kind=kind,
        data=_as_kept(data),
        previous=GENESIS,
    )
    event.hash = digest(event)
    return event


def _as_kept(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data as the database will give it back, so that its hash is the same."""
    kept: dict[str, Any] = json.loads(json.dumps(data, default=str), parse_float=_number)
    return kept


def _number(written: str) -> float | int:
    value = float(written)
    return int(Decimal(written)) if abs(value) >= WHOLE_FROM else value or 0.0  # there is no -0.0 in PostgreSQL


async def history(session: AsyncSession, subject: str) -> Sequence[Event]:
    """Return the subject's events, oldest first."""
    return (await session.scalars(select(Event).where(Event.subject == subject).order_by(Event.number))).all()

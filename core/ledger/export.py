"""`ledger export`: events, checkpoints and public key as JSON lines, which docs/verify_ledger.py checks off-line."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, NotFound
from core.ledger.checkpoints import Checkpoint, document, leaf_of, leaves
from core.ledger.events import Event, history
from core.ledger.merkle import leaf, path

FORMAT = 1

Line = dict[str, Any]


async def lines(
    session: AsyncSession, *, start: datetime | None = None, end: datetime | None = None
) -> AsyncIterator[Line]:
    """Yield the whole ledger; `start`, `end`: only the events of the checkpoints that cover this time.

    All checkpoints are in it, each after its events, so the chain of signatures is whole; events after the last
    checkpoint come at the end, unless `end` leaves them out. Raises BadInput where there is no checkpoint yet.
    """
    first, last = await _covered(session, start, end)
    known = await _newest(session)
    yield _head(known, scope="events", first=first, last=last)
    for number in range(1, known.number + 1):
        checkpoint = await session.get_one(Checkpoint, number)
        if first <= number <= last:
            async for line in _events(session, checkpoint.after, checkpoint.upto):
                yield line
        yield {"type": "checkpoint", **document(checkpoint)}
        session.expunge(checkpoint)
    if end is None:
        async for line in _events(session, known.upto, None):
            yield line


async def lines_of(session: AsyncSession, subject: str) -> AsyncIterator[Line]:
    """Yield one subject's events, each with the path to its checkpoint's root, and all checkpoints.

    For a court or a citizen: it proves that these events are the ledger's and that none is left out between them, and
    holds nothing of any other subject but hashes. Raises NotFound for an unknown subject, BadInput without checkpoint.
    """
    events = await history(session, subject)
    if not events:
        raise NotFound(f"The ledger knows no subject {subject}; a ticket's is ticket:<number>.")
    known = await _newest(session)
    yield _head(known, scope="subject", first=1, last=known.number)
    for number in range(1, known.number + 1):
        checkpoint = await session.get_one(Checkpoint, number)
        mine = [each for each in events if checkpoint.after < each.id <= checkpoint.upto]
        if mine:
            ids, hashes = [], []
            async for id, hash in leaves(session, checkpoint.after, checkpoint.upto):
                ids.append(id)
                hashes.append(leaf(leaf_of(id, hash)))
            for each in mine:
                yield {**_event(each), "path": path(hashes, ids.index(each.id))}
        yield {"type": "checkpoint", **document(checkpoint)}
    for each in events:
        if each.id > known.upto:
            yield _event(each)


async def _newest(session: AsyncSession) -> Checkpoint:
    known = await session.scalar(select(Checkpoint).order_by(Checkpoint.number.desc()).limit(1))
    if known is None:
        raise BadInput("There is no checkpoint yet that an outsider could check; make one: ./yitong ledger checkpoint.")
    return known


async def _covered(session: AsyncSession, start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return the numbers of the first and last checkpoint whose events are wanted.

    A checkpoint covers what happened up to its moment, so the first after `end` still holds events before it.
    """
    first = select(func.min(Checkpoint.number))
    last = select(func.max(Checkpoint.number))
    if start is not None:
        first = first.where(Checkpoint.at >= start)
    if end is not None:
        last = select(func.min(Checkpoint.number)).where(Checkpoint.at >= end)
    known = await _newest(session)
    found = await session.scalar(first), await session.scalar(last)
    return found[0] or known.number + 1, found[1] or known.number


def _head(known: Checkpoint, *, scope: str, first: int, last: int) -> Line:
    return {
        "type": "ledger",
        "format": FORMAT,
        "scope": scope,
        "first": first,
        "last": last,
        "key": known.key.hex(),
        "exported_at": clock.now().astimezone(UTC).isoformat(),
    }


async def _events(session: AsyncSession, after: int, upto: int | None) -> AsyncIterator[Line]:
    wanted = select(Event).where(Event.id > after).order_by(Event.id)
    if upto is not None:
        wanted = wanted.where(Event.id <= upto)
    async for event in await session.stream_scalars(wanted.execution_options(yield_per=1000)):
        yield _event(event)
        session.expunge(event)


def _event(event: Event) -> Line:
    return {
        "type": "event",
        "id": event.id,
        "subject": event.subject,
        "number": event.number,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.actor,
        "kind": event.kind,
        "data": event.data,
        "previous": event.previous.hex(),
        "hash": event.hash.hex(),
    }

"""`ledger verify`: reads events in the order of their ids, once, and holds chains and checkpoints against them."""

import hashlib
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Row, Text, and_, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from core.errors import Unavailable
from core.ledger import keys
from core.ledger.checkpoints import Checkpoint, lacking, leaf_of, signed_content
from core.ledger.events import GENESIS, Event, digest_of
from core.ledger.merkle import Tree
from core.ledger.signing import remembered

PROBLEMS_TOLD = 20

_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
_NUMBERED_ONCE = text(
    "select indisunique and indisvalid from pg_index where indexrelid = to_regclass('uq_events_subject_number')"
)
_UNREADABLE = text(
    "select number from ledger_checkpoints where not isfinite(at) or extract(year from at) not between 1 and 9998 "
    "order by number limit 1"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    `events`: how many were read; `first_bad`: id of the first event that does not hold, or the first id of a
    checkpoint whose events are not those that were signed; `checkpoints`: how many there are; `only_chained`: events
    after the last one, whose removal from the end of a chain would not be found; `problems`: sentences, 20 at most;
    `remarks`: what is odd and breaks nothing, as many.
    """

    events: int
    ok: bool
    first_bad: int | None
    checkpoints: int = 0
    only_chained: int = 0
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass
class _Found:
    events: int = 0
    only_chained: int = 0
    first_bad: int | None = None
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def bad(self, sentence: str, id: int | None = None) -> None:
        if len(self.problems) < PROBLEMS_TOLD:
            self.problems.append(sentence)
        if id is not None and (self.first_bad is None or id < self.first_bad):
            self.first_bad = id


async def verify(
    session: AsyncSession,
    *,
    since: datetime | None = None,
    trusted: Collection[bytes] = (),
    witness: dict[str, Any] | None = None,
) -> Verification:
    """Read the ledger and check every hash, chain, checkpoint and signature; memory does not grow with it.

    `since`: read events from the last checkpoint before this moment on; checkpoints are read all. `trusted`: public
    keys that may sign besides this machine's, for a key that was lost. `witness`: a checkpoint that was kept outside
    (`/api/v1/ledger/checkpoint`), which the ledger must still hold, as it must hold the last one that this machine
    signed: a restored backup has forgotten them. Raises BadInput where the witness is no checkpoint.
    """
    found = _Found()
    if not await session.scalar(_NUMBERED_ONCE):
        found.bad("The index that lets no event be there twice is gone: the owner of the database has dropped it.")
    if (unreadable := await session.scalar(_UNREADABLE)) is not None:
        found.bad(f"Checkpoint {unreadable} holds a moment that no clock shows, so nothing can be held against it.")
        return Verification(events=0, ok=False, first_bad=None, problems=tuple(found.problems))
    await _check_signatures(session, found, set(trusted))
    kept = None
    try:
        kept = remembered()
    except Unavailable as error:
        found.bad(error.sentence)
    for outside in (kept, witness):
        if outside is not None and (told := await lacking(session, outside)) and told not in found.problems:
            found.bad(told)
    start = 0
    if since is not None:
        start = await session.scalar(select(func.max(Checkpoint.upto)).where(Checkpoint.at < since)) or 0
    await _check_events(session, found, start)
    return Verification(
        events=found.events,
        ok=not found.problems,
        first_bad=found.first_bad,
        checkpoints=await session.scalar(select(func.count()).select_from(Checkpoint)) or 0,
        only_chained=found.only_chained,
        problems=tuple(found.problems),
        remarks=tuple(found.remarks),
    )


async def _check_signatures(session: AsyncSession, found: _Found, trusted: set[bytes]) -> None:
    """Check each checkpoint's signature and that it follows the one before; the last key must be ours or trusted."""
    last: Checkpoint | None = None
    rows = await session.stream_scalars(
        select(Checkpoint).order_by(Checkpoint.number).execution_options(yield_per=1000)
    )
    async for each in rows:
        content = signed_content(each)
        before = (last.number, last.upto, last.total) if last else (0, 0, 0)
        follows = (each.number - 1, each.after, each.total - each.events) == before
        if not follows or each.previous != (hashlib.sha256(signed_content(last)).digest() if last else GENESIS):
            found.bad(f"Checkpoint {each.number} does not follow the one before it.", each.after + 1)
        if not keys.signed_by(each.key, each.signature, content):
            found.bad(f"Checkpoint {each.number} has no valid signature.", each.after + 1)
        if last and each.key != last.key and not _handed_over(each, last, content) and each.key not in trusted:
            found.bad(f"Checkpoint {each.number} has a new key that the former one did not sign.", each.after + 1)
        if last and each.at < last.at and len(found.remarks) < PROBLEMS_TOLD:
            remark = f"Checkpoint {each.number} is dated before the one before it: the clock was set back."
            found.remarks.append(remark)
        if last:
            session.expunge(last)
        last = each
    held = {keys.public(key) for key in keys.held()}
    if last is None or last.key in trusted | held:
        return
    if held:
        found.bad(f"Checkpoint {last.number} is signed by a key that this machine does not hold: {last.key.hex()}.")
    else:
        found.bad(
            f"The key is missing: {keys.FILE} is not in this machine's data folder, so nobody can say here whether "
            f"checkpoint {last.number} is this line's; put it back, or give the published public key with --trust."
        )


def _handed_over(new: Checkpoint, last: Checkpoint, content: bytes) -> bool:
    return new.endorsement is not None and keys.signed_by(last.key, new.endorsement, content)


async def _check_events(session: AsyncSession, found: _Found, start: int) -> None:
    """Check the events above id `start` and hold each checkpoint's root against them."""
    pending = _checkpoints(session, start)
    due = await anext(pending, None)
    tree = Tree()
    async for event in _events(session, start):
        while due and event.id > due.upto:
            _compare(found, due, tree)
            due, tree = await anext(pending, None), Tree()
        found.events += 1
        found.only_chained += due is None
        if not _holds(event):
            found.bad(f"Event {event.id} ({event.subject}, {event.number}) does not hold.", event.id)
        tree.add(leaf_of(event.id, event.hash))
    while due:
        _compare(found, due, tree)
        due, tree = await anext(pending, None), Tree()


def _compare(found: _Found, checkpoint: Checkpoint, tree: Tree) -> None:
    if tree.size != checkpoint.events:
        found.bad(
            f"Checkpoint {checkpoint.number} signed {checkpoint.events} events with ids {checkpoint.after + 1} to "
            f"{checkpoint.upto}; there are {tree.size}.",
            checkpoint.after + 1,
        )
    elif tree.root() != checkpoint.root:
        found.bad(
            f"Checkpoint {checkpoint.number}: its events (ids {checkpoint.after + 1} to {checkpoint.upto}) are not "
            "those that were signed.",
            checkpoint.after + 1,
        )


def _holds(event: Row[Any]) -> bool:
    chained = event.before == event.previous if event.number > 1 else event.number == 1 and event.previous == GENESIS
    if not chained:
        return False
    try:
        data = json.loads(event.data, parse_float=_exactly)
    except (ValueError, RecursionError):  # nothing that was written here is such that it cannot be read
        return False
    made = digest_of(event.subject, event.number, event.at, event.actor, event.kind, data, event.previous)
    return bool(event.hash == made)


def _exactly(written: str) -> float:
    """Return the number; raises ValueError where a float would not keep all its digits, which the hash then misses."""
    value = float(written)
    if Decimal(repr(value)) != Decimal(written):
        raise ValueError(written)
    return value


async def _events(session: AsyncSession, start: int) -> AsyncIterator[Row[Any]]:
    """Yield the events above id `start`, each with the hash of the one before it in its chain, None without one.

    Moment and data come as the database spells them: it can hold some that Python has no value for, and whoever
    writes one must not keep the others from being checked.
    """
    before = aliased(Event)
    number_before = cast(Event.number, BigInteger) - 1
    rows = await session.stream(
        select(
            Event.id,
            Event.subject,
            Event.number,
            func.coalesce(func.to_char(func.timezone("UTC", Event.at), _MOMENT), "").label("at"),
            Event.actor,
            Event.kind,
            cast(Event.data, Text).label("data"),
            Event.previous,
            Event.hash,
            before.hash.label("before"),
        )
        .outerjoin(before, and_(before.subject == Event.subject, before.number == number_before))
        .where(Event.id > start)
        .order_by(Event.id)
        .execution_options(yield_per=1000)
    )
    async for event in rows:
        yield event


async def _checkpoints(session: AsyncSession, start: int) -> AsyncIterator[Checkpoint]:
    """Yield the checkpoints over events above id `start`, one question each, so that no second stream stays open."""
    number = 0
    while True:
        each = await session.scalar(
            select(Checkpoint)
            .where(Checkpoint.number > number, Checkpoint.after >= start)
            .order_by(Checkpoint.number)
            .limit(1)
        )
        if each is None:
            return
        number = each.number
        yield each

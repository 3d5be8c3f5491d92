"""Checkpoints: once a day a signed commitment to every event so far, which finds what the chains alone cannot.

A checkpoint is the Merkle root (RFC 6962) of the events since the one before, in the order of their ids, chained to
that one by its SHA-256 and signed with Ed25519. So a cut-off end, a removed subject and a chain that was written anew
are found, and making one costs as much as the day's events. It is append-only like the events.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from core.errors import BadInput, Conflict, Unavailable
from core.ledger import keys
from core.ledger.events import GENESIS, Event, canonical
from core.ledger.merkle import Tree

SIGNED = ("number", "at", "after", "upto", "events", "total", "root", "previous", "key")
WAIT_SECONDS = 5.0  # for transactions that write events now; nearly all end within milliseconds

# An insert takes this lock before it draws its id, and holds it until its transaction has ended.
_WRITERS = text(
    "select virtualtransaction from pg_locks where locktype = 'relation' and granted and relation = 'events'::regclass "
    "and database = (select oid from pg_database where datname = current_database()) "
    "and mode = 'RowExclusiveLock' and pid is distinct from pg_backend_pid()"
)


class Checkpoint(Base):
    """A signed commitment to the events with ids above `after` up to `upto`, and through `previous` to all before."""

    __tablename__ = "ledger_checkpoints"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    after: Mapped[int] = mapped_column(BigInteger)
    upto: Mapped[int] = mapped_column(BigInteger)
    events: Mapped[int] = mapped_column(BigInteger)  # in this one
    total: Mapped[int] = mapped_column(BigInteger)  # in this and all before
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))
    endorsement: Mapped[bytes | None] = mapped_column(LargeBinary(64))  # by the former key, on a new key's first one


def body(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what is signed: JSON values, binary ones in hex."""
    return {
        "number": checkpoint.number,
        "at": checkpoint.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "after": checkpoint.after,
        "upto": checkpoint.upto,
        "events": checkpoint.events,
        "total": checkpoint.total,
        "root": checkpoint.root.hex(),
        "previous": checkpoint.previous.hex(),
        "key": checkpoint.key.hex(),
    }


def signed_content(checkpoint: Checkpoint) -> bytes:
    """Return the bytes that are signed, and whose SHA-256 the next checkpoint carries."""
    return canonical(body(checkpoint)).encode()


def document(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the checkpoint as it is published and exported: what is signed, and the signatures in hex."""
    endorsement = checkpoint.endorsement.hex() if checkpoint.endorsement else None
    return {**body(checkpoint), "signature": checkpoint.signature.hex(), "endorsement": endorsement}


def require_signed(kept: dict[str, Any]) -> None:
    """Raise BadInput where this, which lay outside the database, is no checkpoint as its key signed it."""
    try:
        content = canonical({name: kept[name] for name in SIGNED}).encode()
        signed = keys.signed_by(bytes.fromhex(kept["key"]), bytes.fromhex(kept["signature"]), content)
        signed = signed and isinstance(kept["number"], int) and 0 < kept["number"] < 2**63
    except (KeyError, TypeError, ValueError):
        signed = False
    if not signed:
        raise BadInput("The file holds no checkpoint as it was signed; keep what /api/v1/ledger/checkpoint gives.")


async def lacking(session: AsyncSession, kept: dict[str, Any]) -> str | None:
    """Say in a sentence that the ledger does not hold a checkpoint that was signed once; None where it does.

    Raises BadInput where it is none.
    """
    require_signed(kept)
    number = kept["number"]
    found = await session.scalar(select(Checkpoint).where(Checkpoint.number == number))
    if found is None:
        return f"Checkpoint {number}, which was kept outside, is gone: an older state of the ledger was restored."
    if signed_content(found) != canonical({name: kept[name] for name in SIGNED}).encode():
        return f"Checkpoint {number} is not the one that was kept outside."
    return None


def leaf_of(id: int, hash: bytes) -> bytes:
    """Return an event's leaf in the tree of its checkpoint."""
    return f"{id}:{hash.hex()}".encode()


async def newest(session: AsyncSession) -> Checkpoint | None:
    """Return the newest checkpoint, None where there is none yet."""
    return await session.scalar(select(Checkpoint).order_by(Checkpoint.number.desc()).limit(1))


async def make(session: AsyncSession, *, lost_key: bool = False) -> Checkpoint | None:
    """Sign the events that no checkpoint covers yet, in the caller's transaction; None where there are none.

    `lost_key`: go on with this machine's key though it does not hold the former one; whoever verifies is told.
    Raises Conflict while a transaction that may hold one of these events stays open, Unavailable where this machine
    does not hold the ledger's key.
    """
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('ledger.checkpoint', 1))"))
    last = await newest(session)
    after = last.upto if last else 0
    upto = await session.scalar(select(func.max(Event.id)))
    if upto is None or upto <= after:
        return None
    await _settled(session)
    tree = Tree()
    async for id, hash in leaves(session, after, upto):
        tree.add(leaf_of(id, hash))
    made = Checkpoint(
        number=last.number + 1 if last else 1,
        at=clock.now(),
        after=after,
        upto=upto,
        events=tree.size,
        total=(last.total if last else 0) + tree.size,
        root=tree.root(),
        previous=hashlib.sha256(signed_content(last)).digest() if last else GENESIS,
    )
    _sign(made, last, lost_key=lost_key)
    session.add(made)
    await session.flush()
    return made


async def leaves(session: AsyncSession, after: int, upto: int) -> AsyncIterator[tuple[int, bytes]]:
    """Yield id and hash of the events above `after` up to `upto`, in the order of their ids."""
    rows = await session.stream(
        select(Event.id, Event.hash)
        .where(Event.id > after, Event.id <= upto)
        .order_by(Event.id)
        .execution_options(yield_per=1000)
    )
    async for row in rows:
        yield row.id, row.hash


async def _settled(session: AsyncSession) -> None:
    """Wait until every transaction that wrote events when this was called has ended.

    Ids are drawn before they are committed, so a lower one may appear after a higher one. Whoever may still hold one
    has the table's lock now; once these have ended, no id up to the highest that was seen before can appear.
    """
    writers = set(await session.scalars(_WRITERS))
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while writers := writers & set(await session.scalars(_WRITERS)):
        if asyncio.get_running_loop().time() > deadline:
            raise Conflict(
                "A transaction that writes events has been open for long, so what it will add is not known yet; "
                "the checkpoint is made once it has ended."
            )
        await asyncio.sleep(0.02)


def _sign(made: Checkpoint, last: Checkpoint | None, *, lost_key: bool) -> None:
    if not keys.held() and (last is None or lost_key):
        keys.renew()  # the line's first, or the first after the loss; a machine that does not sign makes none
    held = keys.held()
    former = next((key for key in held if last is not None and keys.public(key) == last.key), None)
    if last is not None and former is None and not lost_key:
        raise Unavailable(
            "This machine does not hold the key of the last checkpoint; copy ledger.key from the machine that does, "
            "or, where it is lost, run ./yitong ledger checkpoint --lost-key and publish the new public key."
        )
    made.key = keys.public(held[-1])
    content = signed_content(made)
    made.signature = held[-1].sign(content)
    made.endorsement = former.sign(content) if last and former and last.key != made.key else None

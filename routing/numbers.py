"""A ticket's number, and the code that only its citizen has."""

import hmac
import secrets
from datetime import date

from sqlalchemy import BigInteger, Date, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.city import city
from core.database import Base
from core.privacy import key_for
from core.text.normalise import normalise

# Nothing that is taken for something else on paper: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 6


# The sequence of tickets.id, and the id before the day's first.
_NEXT = text(
    "select nextval(pg_get_serial_sequence('tickets', 'id')), (select base from ticket_numbers where day = :day)"
)


class TicketNumber(Base):
    """The ticket id after which a day of the city's calendar begins to count: number = id - base."""

    __tablename__ = "ticket_numbers"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    base: Mapped[int] = mapped_column(BigInteger)


async def next_number(session: AsyncSession) -> tuple[int, str]:
    """Return the id of the next ticket, and its number: the day, and how many ids were given on it, as 20261122-000123.

    Ids come from a sequence, so nobody waits for anybody. No number is given twice; one whose transaction rolls back is
    left out. Only the first of a day writes something: whoever opens the second waits for its commit.
    """
    day = clock.local(clock.now(), city().time_zone).date()
    id_, base = (await session.execute(_NEXT, {"day": day})).one()
    if base is None:
        id_, base = await _begin(session, day, id_)
    return id_, f"{day:%Y%m%d}-{id_ - base:06d}"


async def _begin(session: AsyncSession, day: date, id_: int) -> tuple[int, int]:
    """Begin to count from this id, unless another has begun meanwhile; then from an id that is later than theirs."""
    begun = insert(TicketNumber).values(day=day, base=id_ - 1).on_conflict_do_nothing(index_elements=["day"])
    if await session.scalar(begun.returning(TicketNumber.base)) is not None:
        return id_, id_ - 1
    later, base = (await session.execute(_NEXT, {"day": day})).one()
    return later, base


def new_code() -> str:
    """Return a verification code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def code_digest(number: str, code: str) -> bytes:
    """Return what is kept of a code: a keyed digest, the same for however the citizen types it."""
    plain = normalise(code).upper().replace(" ", "").replace("-", "")
    return hmac.digest(key_for("ticket-code"), f"{number}:{plain}".encode(), "sha256")


def code_matches(digest: bytes, number: str, code: str) -> bool:
    """Say whether the code belongs to the digest, in the same time for every wrong one."""
    return hmac.compare_digest(digest, code_digest(number, code))

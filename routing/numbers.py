"""A ticket's number, and the code that only its citizen has."""

import hmac
import secrets

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.city import city
from core.privacy import key_for
from core.text.normalise import normalise
from routing.models import TicketNumber

# Nothing that is taken for something else on paper: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 6


async def next_number(session: AsyncSession) -> str:
    """Return the day's next number, as 20261122-000123.

    The day's row stays locked until the caller's transaction ends, so no number is given twice or left out.
    """
    day = clock.local(clock.now(), city().time_zone).date()
    statement = insert(TicketNumber).values(day=day, last=1)
    statement = statement.on_conflict_do_update(index_elements=["day"], set_={"last": TicketNumber.last + 1})
    last = await session.scalar(statement.returning(TicketNumber.last))
    return f"{day:%Y%m%d}-{last:06d}"


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

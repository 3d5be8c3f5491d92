"""Reading what lies in the past: every ticket since a day that these rules have not read as it stands now."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import SYSTEM
from core.city import city
from core.database import transaction
from routing import reading
from routing.models import Ticket
from routing.quality.reviewing import review_ticket
from routing.quality.rules import fingerprint
from routing.quality.tables import QualityReading

log = structlog.get_logger()

PAGE = 200  # tickets that are looked up at once; each is read in a transaction of its own


@dataclass(slots=True)
class Progress:
    """What a run has done: tickets read, new findings by check, numbers of the tickets that it could not read."""

    read: int = 0
    found: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0


async def review_past(*, since: date | None = None, told: Callable[[Progress], None] = lambda _: None) -> Progress:
    """Read every ticket opened since a day (None: ever) that is not read yet; `told` after each page.

    Killed, it goes on where it was: what was read is remembered ticket by ticket. A ticket that cannot be read
    is named and left for the next run.
    """
    progress, last, began = Progress(), 0, time.monotonic()
    while True:
        async with transaction() as session:
            page = await _unread(session, last, since)
        if not page:
            return progress
        for id, number in page:
            await _read(number, progress)
            last = id
        progress.seconds = time.monotonic() - began
        told(progress)


async def _read(number: str, progress: Progress) -> None:
    try:
        async with transaction() as session:
            found = await review_ticket(session, await reading.find(session, number, actor=SYSTEM))
    except Exception as error:
        # One ticket that cannot be read must not keep the others from being read.
        log.error("quality.unread", number=number, error=type(error).__name__)
        progress.failed.append(number)
        return
    progress.read += 1
    progress.found.update(each.check for each in found)


async def _unread(session: AsyncSession, after: int, since: date | None) -> list[tuple[int, str]]:
    known = QualityReading
    stale = or_(
        known.ticket_id.is_(None),
        known.rules != fingerprint(),
        known.read_at < func.greatest(Ticket.replied_at, Ticket.surveyed_at),
    )
    statement = (
        select(Ticket.id, Ticket.number)
        .outerjoin(known, known.ticket_id == Ticket.id)
        .where(Ticket.id > after, stale)
        .order_by(Ticket.id)
        .limit(PAGE)
    )
    if since:
        begins = datetime.combine(since, datetime.min.time(), ZoneInfo(city().time_zone))
        statement = statement.where(Ticket.opened_at >= begins)
    return [(id, number) for id, number in await session.execute(statement)]

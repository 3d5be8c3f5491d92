"""Where a wish for a person stands, and how long it will probably wait: an estimate from this queue's recent past."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import duty
from bot.tables import Handover
from core import clock

WAITING = and_(Handover.ended_at.is_(None), Handover.taken_at.is_(None))
AT_OWN_DESK = Handover.open_at > Handover.requested_at  # somebody with the skill was on duty when it was asked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where a citizen stands: position, 1 first; `minutes` that it will take, None where nothing is known.

    `over`: it will take longer than `minutes`, the longest time that is named.
    """

    position: int
    minutes: int | None = None
    over: bool = False


async def of(session: AsyncSession, entry: Handover) -> int:
    """Return the position in the queue, 1 first, 0 when an agent has the conversation.

    A wish that waits for a skill stands among those for the same; any other behind those whom everybody may take.
    """
    if entry.taken_at is not None:
        return 0
    earlier = or_(
        Handover.requested_at < entry.requested_at,
        and_(Handover.requested_at == entry.requested_at, Handover.id < entry.id),
    )
    if entry.urgent:
        before = and_(Handover.urgent, earlier)
    else:
        ahead = and_(Handover.returned, earlier) if entry.returned else or_(Handover.returned, earlier)
        before = or_(Handover.urgent, and_(_same_queue(entry), ahead))
    counted = await session.scalar(select(func.count(Handover.id)).where(WAITING, Handover.id != entry.id, before))
    return (counted or 0) + 1


async def find(session: AsyncSession, entry: Handover) -> Place:
    """Return position and estimate: what a place in this queue has taken those who were answered lately.

    Where this citizen's own places have taken longer, the queue is slower than it was: that counts instead. No time
    is named while nobody is on duty.
    """
    position = await of(session, entry)
    known = duty.rules().estimate
    waited = func.extract("epoch", Handover.taken_at - Handover.requested_at) / func.greatest(Handover.place, 1)
    recent = (
        select(waited.label("waited"))
        .where(
            Handover.taken_at > clock.now() - timedelta(minutes=known.within_minutes),
            Handover.returned.is_(False),
            Handover.place.is_not(None),
            Handover.urgent.is_(entry.urgent),
            _same_queue(entry),
        )
        .order_by(Handover.taken_at.desc())
        .limit(known.recent)
        .subquery()
    )
    median = func.percentile_cont(0.5).within_group(recent.c.waited)
    count, seconds = (await session.execute(select(func.count(), median).select_from(recent))).one()
    if not position or count < known.fewest or not await duty.present(session):
        return Place(position)
    moved = max(0, (entry.place or position) - position)
    # Of somebody whom an agent has left it is not known how long they waited: much of the time they were talking.
    own = 0.0 if entry.returned else (clock.now() - entry.requested_at).total_seconds() / (moved + 1)
    minutes = max(1, math.ceil(max(float(seconds), own) * position / 60))
    return Place(position, min(minutes, known.longest_minutes), over=minutes > known.longest_minutes)


def _same_queue(entry: Handover) -> ColumnElement[bool]:
    if entry.open_at > entry.requested_at:
        return and_(Handover.skill == entry.skill, AT_OWN_DESK)
    return Handover.open_at <= clock.now()


async def ranks(session: AsyncSession) -> dict[int, int]:
    """Return the positions of all who wait, by the id of their wish, in one query: `of` for each of them."""
    order = (Handover.urgent.desc(), Handover.returned.desc(), Handover.requested_at, Handover.id)
    rows = await session.execute(
        select(Handover.id, Handover.urgent, Handover.skill, AT_OWN_DESK, Handover.open_at)
        .where(WAITING)
        .order_by(*order)
    )
    positions, urgent_ones, anybodys, desks, now = {}, 0, 0, Counter[str | None](), clock.now()
    for id, urgent, skill, at_own, open_at in rows:
        positions[id] = 1 + (urgent_ones + desks[skill] if at_own else anybodys)
        urgent_ones += urgent
        anybodys += open_at <= now
        desks[skill] += bool(at_own)
    return positions

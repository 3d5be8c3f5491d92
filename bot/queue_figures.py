"""What a supervisor sees of the queue: who waits at which desk, for how long, and who gave up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import duty, places
from bot.queue import MISSED_CALL
from bot.tables import Conversation, Handover

LISTED = 200
# The citizen left the queue, or rang off in it; an emergency that was taken in hand by telephone is none.
GAVE_UP = or_(Handover.ended_as == "left", Handover.reason == MISSED_CALL)


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """One desk (empty: anybody): who waits now and since when, and of those who asked in a time how many gave up."""

    desk: str
    waiting: int
    since: datetime | None
    asked: int
    gave_up: int

    @property
    def share(self) -> float | None:
        """Return the share that gave up, None where nobody asked."""
        return self.gave_up / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Somebody who wanted a person and got none. `ended_at` is None for a missed call that is to be called back."""

    conversation: str
    channel: str
    reason: str
    skill: str | None
    requested_at: datetime
    ended_at: datetime | None


async def by_desk(session: AsyncSession, *, start: datetime) -> list[DeskFigures]:
    """Return the figures of everybody's queue and of each desk of the city; `start`: who asked since counts."""
    desk = func.coalesce(Handover.skill, "")
    waiting = {
        code: (count, since)
        for code, count, since in await session.execute(
            select(desk, func.count(), func.min(Handover.requested_at)).where(places.WAITING).group_by(desk)
        )
    }
    asked = {
        code: (count, gave_up)
        for code, count, gave_up in await session.execute(
            select(desk, func.count(), func.count().filter(GAVE_UP))
            .where(Handover.requested_at >= start)
            .group_by(desk)
        )
    }
    codes = ["", *(each.code for each in duty.rules().skills)]
    codes += sorted((set(waiting) | set(asked)) - set(codes))  # a desk that the city had before
    made = []
    for code in codes:
        (count, since), (wanted, left) = waiting.get(code, (0, None)), asked.get(code, (0, 0))
        made.append(DeskFigures(code, count, since, wanted, left))
    return made


async def gave_up(session: AsyncSession, *, start: datetime, desk: str | None = None) -> Sequence[GaveUp]:
    """Return who gave up of those who asked since `start`, the latest first; `desk`: of one, empty: anybody's."""
    statement = (
        select(
            Handover.conversation_id,
            Conversation.channel,
            Handover.reason,
            Handover.skill,
            Handover.requested_at,
            Handover.ended_at,
        )
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(Handover.requested_at >= start, GAVE_UP)
        .order_by(Handover.requested_at.desc())
        .limit(LISTED)
    )
    if desk is not None:
        statement = statement.where(Handover.skill == desk if desk else Handover.skill.is_(None))
    return [GaveUp(*row) for row in await session.execute(statement)]

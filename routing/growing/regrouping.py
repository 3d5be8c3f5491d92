"""By night topics are joined and parted, those alone that have changed since they were last looked at."""

from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.city import city
from core.database import transaction
from core.text.encode import encoder
from routing.growing import joining, parting
from routing.growing.gathering import LOCK
from routing.growing.tables import Topic
from routing.rules import rules


@jobs.sweep("topics.regroup", seconds=900)
async def nightly() -> None:
    """In the hour of `topics.hour`, join topics that are one matter and part those that fell apart."""
    if clock.now().astimezone(ZoneInfo(city().time_zone)).hour == rules().topics.hour:
        await regroup()


async def regroup() -> None:
    """Look at every open topic that has changed, each in a transaction of its own, and once."""
    after: int | None = 0
    while after is not None:
        after = await _next(after)


async def _next(after: int) -> int | None:
    """Look at the next topic behind `after` and return its id; None where none is left.

    A topic that takes another in is marked as changed again, for the next night: each is looked at once, so the night
    ends.
    """
    async with transaction() as session:
        # As those that gather do: a ticket must not come into a topic that is being parted.
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        waiting = select(Topic).where(Topic.changed, Topic.closed_at.is_(None), Topic.id > after)
        topic = await session.scalar(waiting.order_by(Topic.id).limit(1).with_for_update(skip_locked=True))
        if topic is None:
            return None
        topic.changed = False
        await _look(session, topic)
        return topic.id


async def _look(session: AsyncSession, topic: Topic) -> None:
    used = encoder().fingerprint
    ids, vectors = await parting.read(session, topic, used)
    if not ids:  # its tickets have their new vectors tomorrow
        return
    if topic.encoder != used:
        topic.encoder, topic.centroid = used, parting.centre(vectors).tolist()
        await session.flush()
    if await parting.part(session, topic, ids, vectors) is None:
        await joining.join(session, topic)

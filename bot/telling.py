"""Telling those who wait where they stand: as they ask for a person, and again when that has changed."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, places
from bot.contract import Reply, ReplyType
from bot.places import Place
from bot.queue import CALLBACK, MISSED_CALL, open_entry
from bot.tables import Conversation, Handover
from bot.wording import wording
from core import clock, jobs, live
from core.database import transaction

SWEEP_SECONDS = 5.0
AT_ONCE = 200  # citizens told in one round
LIVE = frozenset({"web"})  # doors that show the place themselves as it changes
NOT_THERE = (MISSED_CALL, CALLBACK)  # reasons for which nobody sits and waits


async def place(session: AsyncSession, id: str) -> Place | None:
    """Return where the conversation stands in the queue (0: an agent has it), None when it is in none."""
    entry = await open_entry(session, id)
    return None if entry is None else await places.find(session, entry)


async def now_told(session: AsyncSession, id: str) -> Place:
    """Return where a waiting conversation stands, and keep that the citizen hears of it now."""
    entry = await open_entry(session, id)
    assert entry is not None
    found = await places.find(session, entry)
    entry.told_place, entry.told_minutes, entry.told_at = found.position, found.minutes, clock.now()
    return found


def words(found: Place, locale: str) -> str:
    """Return how long it will take, as people say it; nothing where nothing is known."""
    if found.minutes is None:
        return ""
    key = "wait.over" if found.over else "wait.about" if found.minutes > 1 else "wait.soon"
    return wording(key, locale, minutes=found.minutes)


@jobs.sweep("handover.places", seconds=SWEEP_SECONDS)
async def tell_changes() -> None:
    """Tell those whose place has become better since they heard of it; no citizen more often than the city says."""
    async with transaction() as session:
        ids = await _due(session)
    for id in ids:
        async with transaction() as session:
            await _tell(session, id)


async def _due(session: AsyncSession) -> list[str]:
    """Return the conversations that wait and may be told something again, those told longest ago first."""
    found: list[tuple[Handover, str]] = []
    for channel, seconds in duty.rules().telling.seconds.items():
        rows = await session.execute(
            select(Handover, Conversation.channel)
            .join(Conversation, Conversation.id == Handover.conversation_id)
            .where(
                places.WAITING,
                Conversation.channel == channel,
                Handover.told_place > 1,
                Handover.reason.not_in(NOT_THERE),
                Handover.told_at < clock.now() - timedelta(seconds=seconds),
            )
            .order_by(Handover.told_at)
            .limit(AT_ONCE)
        )
        found += [(entry, channel) for entry, channel in rows]
    ranks = await places.ranks(session) if found else {}
    return [entry.conversation_id for entry, _ in found if ranks.get(entry.id, 0) < (entry.told_place or 0)]


async def _tell(session: AsyncSession, id: str) -> None:
    """Tell one citizen, unless an agent was faster."""
    conversation = await conversations.get(session, id, lock=True)
    entry = await open_entry(session, id)
    if entry is None or entry.taken_at is not None:
        return
    before = entry.told_place or 0
    found = await now_told(session, id)
    if found.position >= before:
        return
    if conversation.channel in LIVE:
        await live.announce(session, f"conversation:{id}", "place")
        return
    text = wording("wait.moved", conversation.locale, position=found.position, wait=words(found, conversation.locale))
    reply = Reply(ReplyType.HANDOFF, text, {"position": found.position, "minutes": found.minutes})
    await conversations.say(session, id, sender="bot", replies=[reply])

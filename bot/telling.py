"""Telling those who wait where they stand: as they ask for a person, and again when that has changed."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select
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
    """Tell those whose place is better than they know, or whose time is over; nobody more often than the city says."""
    async with transaction() as session:
        ids = await _due(session)
    for id in ids:
        async with transaction() as session:
            await _tell(session, id)


async def _due(session: AsyncSession) -> list[str]:
    """Return the conversations that are to be told something now, those told longest ago first."""
    pauses = duty.rules().telling.seconds
    rows = await session.execute(
        select(Handover.id, Handover.conversation_id, Handover.told_place, _over(), Conversation.channel)
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(
            places.WAITING,
            Conversation.channel.in_(pauses),
            Handover.reason.not_in(NOT_THERE),
            or_(*(_told_before(channel, seconds) for channel, seconds in pauses.items()), false()),
        )
        .order_by(Handover.told_at)
    )
    waiting = rows.all()
    ranks = await places.ranks(session) if waiting else {}
    found = [id for entry, id, told, over, _ in waiting if over or ranks.get(entry, told or 0) < (told or 0)]
    return found[:AT_ONCE]


def _told_before(channel: str, seconds: int) -> ColumnElement[bool]:
    return and_(Conversation.channel == channel, Handover.told_at < clock.now() - timedelta(seconds=seconds))


def _over() -> ColumnElement[bool]:
    """Return the condition under which the time that was named has gone by."""
    named = func.make_interval(0, 0, 0, 0, 0, Handover.told_minutes)
    return func.coalesce(Handover.told_at + named < clock.now(), False)


async def _tell(session: AsyncSession, id: str) -> None:
    """Tell one citizen, unless an agent was faster."""
    conversation = await conversations.get(session, id, lock=True)
    entry = await open_entry(session, id)
    if entry is None or entry.taken_at is not None:
        return
    before, named = entry.told_place or 0, entry.told_minutes
    found = await now_told(session, id)
    longer = found.position >= before
    if longer and (named is None or found.minutes is None):
        return
    if conversation.channel in LIVE:
        await live.announce(session, f"conversation:{id}", "place")
        return
    key = "wait.longer" if longer else "wait.moved"
    text = wording(key, conversation.locale, position=found.position, wait=words(found, conversation.locale))
    data = {"position": found.position, "minutes": found.minutes, "why": {"rule": "place"}}
    await conversations.say(session, id, sender="bot", replies=[Reply(ReplyType.HANDOFF, text, data)])

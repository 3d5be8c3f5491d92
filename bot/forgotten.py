"""Nobody is left hanging: a conversation whose agent has gone, or keeps silent, goes back to the head of the queue."""

import json
from datetime import timedelta

from sqlalchemy import and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, telling
from bot.contract import Reply, ReplyType
from bot.engine import agreed, state
from bot.handed import told_to_agent
from bot.queue import open_entry, record, state_of
from bot.tables import Conversation, Handover
from bot.wording import wording
from core import auth, clock, jobs, live
from core.auth import SYSTEM
from core.database import transaction

SWEEP_SECONDS = 15.0
HELD = and_(Handover.ended_at.is_(None), Handover.taken_at.is_not(None))


@jobs.sweep("handover.forgotten", seconds=SWEEP_SECONDS)
async def take_back() -> None:
    """Put back what is held by somebody who is signed out, or who let the citizen wait longer than the city allows."""
    async with transaction() as session:
        ids = await _left(session)
    for id in ids:
        async with transaction() as session:
            await put_back(session, id)


async def put_back(session: AsyncSession, id: str) -> bool:
    """Put one conversation back, unless its agent has spoken or given it back meanwhile; say whether it was."""
    conversation = await conversations.get(session, id, lock=True)
    if id not in await _left(session, only=id):
        return False
    entry = await open_entry(session, id)
    assert entry is not None
    agent = entry.staff_id
    conversation.state = await _with_what_was_told(session, conversation, entry)
    entry.taken_at = entry.staff_id = entry.waits_since = None
    entry.returned, entry.open_at = True, min(entry.open_at, clock.now())
    await session.flush()
    await record(session, id, "forgotten", actor=SYSTEM, staff=agent)
    await live.announce(session, "desk", "handover.waiting", conversation=id, reason=entry.reason)
    found = await telling.now_told(session, id)
    wait = telling.words(found, conversation.locale)
    text = wording("handoff.again", conversation.locale, position=found.position, wait=wait)
    data = {"position": found.position, "minutes": found.minutes, "why": {"rule": "agent_left"}}
    await conversations.say(session, id, sender="bot", replies=[Reply(ReplyType.HANDOFF, text, data)])
    return True


async def _with_what_was_told(session: AsyncSession, conversation: Conversation, entry: Handover) -> str:
    """Return the state with what the citizen told the agent who is gone: in a form, whether or not one was open."""
    kept = state.read(state_of(conversation))
    danger = kept.alarm is not None and kept.alarm.current
    await agreed.take(kept, await told_to_agent(session, entry), begin=not danger)
    return json.dumps(state_of(conversation) | kept.as_json(), ensure_ascii=False)


async def _left(session: AsyncSession, *, only: str | None = None) -> list[str]:
    """Return the held conversations whose agents are signed out or silent; `only`: this one, if it is such a one."""
    late = [
        and_(Conversation.channel == channel, Handover.waits_since < clock.now() - timedelta(seconds=seconds))
        for channel, seconds in duty.rules().silence.seconds.items()
    ]
    statement = (
        select(Handover.conversation_id, Handover.staff_id, or_(false(), *late))
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(HELD)
    )
    if only is not None:
        statement = statement.where(Handover.conversation_id == only)
    rows = (await session.execute(statement)).all()
    away = await auth.away(session, (staff for _, staff, _ in rows if staff is not None))
    return [id for id, staff, silent in rows if silent or staff in away]

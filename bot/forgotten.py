"""Nobody is left hanging: a conversation whose agent has gone, or keeps silent, goes back to the head of the queue."""

from datetime import timedelta

from sqlalchemy import and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, moving
from bot.queue import open_entry, record
from bot.tables import Conversation, Handover
from core import auth, clock, jobs
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
    await moving.to_queue(session, conversation, entry)
    await record(session, id, "forgotten", actor=SYSTEM, staff=agent)
    await moving.say_place(session, conversation, "handoff.again", rule="agent_left")
    return True


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

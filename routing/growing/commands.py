"""What a supervisor does with a topic: acknowledge its warning with who does what, and close it."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor
from core.errors import Conflict
from routing.commands.taking import words
from routing.growing import reading
from routing.growing.tables import Topic
from routing.messages import say


async def acknowledge(session: AsyncSession, id: int, *, actor: Actor, note: str) -> Topic:
    """Take note of a warning and say who does what. Raises Conflict where there is none to acknowledge."""
    topic = await reading.find(session, id, actor=actor, lock=True)
    note = words(note, wanted="note")
    if topic.warned_at is None or topic.acknowledged_at is not None or topic.closed_at is not None:
        raise Conflict(say("refused.no_warning"))
    topic.acknowledged_at, topic.acknowledged_by, topic.note = clock.now(), str(actor), note
    await _record(session, topic, "acknowledged", actor)
    return topic


async def close(session: AsyncSession, id: int, *, actor: Actor, note: str) -> Topic:
    """Close a topic: what is reported from now on founds another. Raises Conflict where it is closed."""
    topic = await reading.find(session, id, actor=actor, lock=True)
    note = words(note, wanted="note")
    if topic.closed_at is not None:
        raise Conflict(say("refused.topic_closed"))
    topic.closed_at, topic.acknowledged_by, topic.note = clock.now(), str(actor), note
    await _record(session, topic, "closed", actor)
    return topic


async def _record(session: AsyncSession, topic: Topic, kind: str, actor: Actor) -> None:
    await session.flush()
    await ledger.append(
        session, subject=f"topic:{topic.id}", kind=f"topic.{kind}", actor=actor, data={"size": topic.size}
    )
    await live.announce(session, "desk", f"topic.{kind}", topic_id=topic.id)

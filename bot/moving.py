"""Back into the queue with a conversation: an agent or a supervisor moves it to a desk, or its agent has left it."""

import json

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, telling
from bot.contract import Reply, ReplyType
from bot.engine import agreed, state
from bot.handed import told_to_agent
from bot.queue import open_entry, record, set_desk, state_of
from bot.tables import Conversation, Handover
from bot.wording import wording
from core import clock, live
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict


async def move(session: AsyncSession, id: str, desk: str | None, *, actor: Actor) -> None:
    """Put the conversation at the head of a desk's queue, and tell the citizen.

    `desk`: a code of `handover.yaml`; None: anybody's. Raises BadInput for no desk of the city; Conflict where nobody
    of the desk is there, the actor has the conversation as little as a supervisor's right to move it, or nobody waits.
    """
    actor.must(Permission.CONVERSATION_TAKE)
    conversation = await conversations.get(session, id, lock=True)
    entry, wanted = await open_entry(session, id), duty.skill(desk)
    if entry is None:
        raise Conflict("这位市民已经不在等候了。")
    if (entry.taken_at is None or entry.staff_id != actor.id) and not actor.may(Permission.TICKET_RULE):
        raise Conflict("这个对话不在您手上，请先接听。")
    if desk and wanted is None:
        raise BadInput("没有这个专席，请从页面上选择。")
    if wanted is not None and not await duty.present(session, wanted.code):
        raise Conflict(f"现在没有{wanted.name}的同事在线，请换一个专席。")
    entry.skill = wanted.code if wanted else None
    await to_queue(session, conversation, entry)
    await set_desk(session, entry, entry.skill)
    entry.skill = wanted.code if wanted else entry.skill  # also of an emergency, which everybody may take at once
    await record(session, id, "moved", actor=actor, desk=entry.skill)
    key = "handoff.moved" if wanted else "handoff.moved.anybody"
    name = wanted.named(conversation.locale) if wanted else ""
    await say_place(session, conversation, key, rule="moved", desk=name)


async def to_queue(session: AsyncSession, conversation: Conversation, entry: Handover) -> None:
    """Put a wish that an agent has back into the queue, before others; what they were told is in a form then."""
    if entry.taken_at is not None:
        kept = state.read(state_of(conversation))
        danger = kept.alarm is not None and kept.alarm.current
        await agreed.take(kept, await told_to_agent(session, entry), begin=not danger)
        conversation.state = json.dumps(state_of(conversation) | kept.as_json(), ensure_ascii=False)
        entry.returned = True
    entry.taken_at = entry.staff_id = entry.waits_since = None
    entry.open_at = min(entry.open_at, clock.now())
    await session.flush()


async def say_place(session: AsyncSession, conversation: Conversation, key: str, *, rule: str, **values: str) -> None:
    """Tell the citizen what happens and where they stand now, and the desks that somebody waits."""
    entry = await open_entry(session, conversation.id)
    assert entry is not None
    await session.flush()
    await live.announce(session, "desk", "handover.waiting", conversation=conversation.id, reason=entry.reason)
    found = await telling.now_told(session, conversation.id)
    wait = telling.words(found, conversation.locale)
    text = wording(key, conversation.locale, position=found.position, wait=wait, **values)
    data = {"position": found.position, "minutes": found.minutes, "why": {"rule": rule}}
    await conversations.say(session, conversation.id, sender="bot", replies=[Reply(ReplyType.HANDOFF, text, data)])

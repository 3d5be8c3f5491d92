"""A person please: taking a conversation, speaking in it, giving it back; with the queue and what an agent is handed.

An agent and the bot never talk at once: both take the lock of the conversation's row first, and while an agent holds
the conversation `converse` only stores what the citizen says.
"""

import json
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty
from bot.contract import Outcome, Reply, ReplyType, Turn
from bot.engine import BuiltIn
from bot.engine.agreed import Agreed, go_on
from bot.handed import context, number_of, told_to_agent, unanswered_by_agent, whispered, without_codes
from bot.moving import move
from bot.queue import (
    CALLBACK,
    EMERGENCY,
    MISSED_CALL,
    Waiting,
    cancel,
    count_waiting,
    hears,
    held,
    held_by,
    holder,
    may_take,
    on_duty,
    open_entry,
    own_entry,
    position,
    record,
    renew,
    request,
    state_of,
    waiting,
)
from bot.receipts import receipt
from bot.wording import wording
from core import clock, live
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict
from routing.tickets import Opened

__all__ = [
    "CALLBACK",
    "EMERGENCY",
    "MISSED_CALL",
    "Agreed",
    "Waiting",
    "cancel",
    "context",
    "count_waiting",
    "give_back",
    "give_ticket",
    "hears",
    "held",
    "held_by",
    "holder",
    "leave",
    "may_take",
    "move",
    "number_of",
    "on_duty",
    "position",
    "renew",
    "request",
    "say",
    "take",
    "waiting",
    "whispered",
    "without_codes",
]

LONGEST_SENTENCE = 2000  # characters an agent says at once


async def take(session: AsyncSession, id: str, *, actor: Actor) -> None:
    """Give the conversation to the agent.

    Raises Forbidden; Conflict when a colleague has it, nobody waits, or those with the skill it needs come first.
    """
    actor.must(Permission.CONVERSATION_TAKE)
    conversation = await conversations.get(session, id, lock=True)
    entry = await open_entry(session, id)
    if entry is None:
        raise Conflict("这位市民已经不在等候了。")
    if entry.taken_at is not None:
        if entry.staff_id == actor.id:
            return
        raise Conflict("这个对话已由另一位同事接听。")
    if not may_take(actor, entry):
        desk, left = duty.skill(entry.skill), entry.open_at - clock.now()
        name, seconds = desk.name if desk else "", max(1, round(left.total_seconds()))
        raise Conflict(f"这位市民先由{name}接听，{seconds}秒后还没有人接，您就可以接。")
    entry.taken_at = entry.waits_since = clock.now()
    entry.staff_id = actor.id
    await record(session, id, "taken", actor=actor)
    await live.announce(session, "desk", "handover.taken", conversation=id, staff=actor.id)
    text = wording("handover.taken", conversation.locale)
    reply = Reply(ReplyType.HANDOFF, text, {"position": 0, "why": {"rule": "taken"}})
    await conversations.say(session, id, sender="bot", replies=[reply])


async def leave(session: AsyncSession, id: str) -> None:
    """Let the citizen leave the queue by a button: the line says that it has heard. Nothing where nobody waits."""
    conversation = await conversations.get(session, id, lock=True)
    if await position(session, id):
        await cancel(session, id)
        text = wording("handoff.cancelled", conversation.locale)
        await conversations.say(session, id, sender="bot", replies=[Reply(ReplyType.TEXT, text)])


async def say(session: AsyncSession, id: str, *, actor: Actor, text: str) -> conversations.Message:
    """Say the agent's sentence to the citizen. Raises Conflict unless the agent has the conversation; BadInput."""
    await conversations.get(session, id, lock=True)
    entry = await own_entry(session, id, actor)
    if not text.strip():
        raise BadInput("请输入要说的话。")
    if len(text) > LONGEST_SENTENCE:
        raise BadInput(f"一次最多 {LONGEST_SENTENCE} 个字，请分几次说。")
    entry.waits_since = None
    reply = Reply(ReplyType.TEXT, text.strip())
    said = await conversations.say(session, id, sender="agent", replies=[reply], actor=actor)
    return said[0]


async def give_back(session: AsyncSession, id: str, *, actor: Actor, agreed: Agreed | None = None) -> None:
    """Give the conversation back to the bot, which tells the citizen and goes on with an open form where they were.

    What the citizen told the agent is in the form then; with no form open, the bot answers what the agent did not: it
    may have come as they gave it back. `agreed`: what the agent passes on besides; it begins a form where none is open.
    Raises Conflict as `say` does.
    """
    conversation = await conversations.get(session, id, lock=True)
    entry = await own_entry(session, id, actor)
    said, unanswered = await told_to_agent(session, entry), await unanswered_by_agent(session, entry)
    entry.ended_at, entry.ended_as = clock.now(), "returned"
    state = state_of(conversation) | {"alarm": None}
    turn = Turn(id, conversation.channel, "", clock.now())
    outcome = await go_on(session, turn, state, said=said, agreed=agreed)
    if unanswered and not outcome.replies:
        answer = await BuiltIn().handle(session, replace(turn, text=unanswered), state | outcome.state)
        outcome = answer if _says_something(answer) else outcome
    conversation.state = json.dumps(state | outcome.state, ensure_ascii=False)
    await record(session, id, "returned", actor=actor)
    await live.announce(session, "desk", "handover.returned", conversation=id, staff=actor.id)
    text = wording("handover.returned", conversation.locale)
    why = {"why": {"rule": "given_back"}}
    await conversations.say(session, id, sender="bot", replies=[Reply(ReplyType.TEXT, text, why), *outcome.replies])


async def give_ticket(session: AsyncSession, id: str, opened: Opened, *, actor: Actor) -> None:
    """Tell the citizen number and code of a ticket that the agent opened; the bot knows it, and drops the form of it.

    Raises Conflict unless the agent has the conversation.
    """
    conversation = await conversations.get(session, id, lock=True)
    entry = await own_entry(session, id, actor)
    entry.waits_since = None
    state = state_of(conversation)
    known = {"number": opened.ticket.number, "code": opened.code, "title": opened.ticket.title}
    state |= {"tickets": [*state.get("tickets", []), known], "form": None, "photos": [], "expects": "", "options": []}
    conversation.state = json.dumps(state, ensure_ascii=False)
    await conversations.say(session, id, sender="agent", replies=[receipt(opened, conversation.locale)], actor=actor)


def _says_something(outcome: Outcome) -> bool:
    """Say whether the bot knows what to say: 我先去忙了, said to the agent, is nothing to ask back about."""
    return any(reply.data.get("why", {}).get("rule") != "misunderstood" for reply in outcome.replies)

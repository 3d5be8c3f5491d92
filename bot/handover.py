"""A person please: the queue, taking a conversation, speaking in it, giving it back.

An agent and the bot never talk at once: both take the lock of the conversation's row first, and while an agent holds
the conversation `converse` only stores what the citizen says.
"""

import json
import re
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from bot.queue import (
    EMERGENCY,
    MISSED_CALL,
    Waiting,
    alarm_of,
    cancel,
    held,
    held_by,
    holder,
    on_duty,
    open_entry,
    position,
    record,
    renew,
    request,
    state_of,
    waiting,
)
from bot.receipts import receipt
from bot.tables import Handover
from bot.wording import wording
from core import clock, live
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict, NotFound
from core.privacy import mask_name, mask_phone, mask_text
from routing.hiding import without_introduction
from routing.numbers import ALPHABET, CODE_LENGTH
from routing.tickets import Opened

__all__ = [
    "EMERGENCY",
    "MISSED_CALL",
    "Waiting",
    "cancel",
    "context",
    "give_back",
    "give_ticket",
    "held",
    "held_by",
    "holder",
    "on_duty",
    "position",
    "renew",
    "request",
    "say",
    "take",
    "waiting",
]

LONGEST_SENTENCE = 2000  # characters an agent says at once
_CHARACTER = "[" + ALPHABET + "".join(chr(ord(character) + 0xFEE0) for character in ALPHABET) + "]"
# A ticket's code as a receipt says it or a citizen types it; some English words look the same, and are hidden too.
_CODE = re.compile("(?<![A-Za-z0-9])" + "[ -]?".join([_CHARACTER] * CODE_LENGTH) + "(?![A-Za-z0-9])", re.IGNORECASE)


async def take(session: AsyncSession, id: str, *, actor: Actor) -> None:
    """Give the conversation to the agent. Raises Forbidden; Conflict when a colleague has it or nobody waits."""
    actor.must(Permission.CONVERSATION_TAKE)
    conversation = await conversations.get(session, id, lock=True)
    entry = await open_entry(session, id)
    if entry is None:
        raise Conflict("这位市民已经不在等候了。")
    if entry.taken_at is not None:
        if entry.staff_id == actor.id:
            return
        raise Conflict("这个对话已由另一位同事接听。")
    entry.taken_at, entry.staff_id = clock.now(), actor.id
    await record(session, id, "taken", actor=actor)
    await live.announce(session, "desk", "handover.taken", conversation=id, staff=actor.id)
    text = wording("handover.taken", conversation.locale)
    await conversations.say(session, id, sender="bot", replies=[Reply(ReplyType.HANDOFF, text, {"position": 0})])


async def say(session: AsyncSession, id: str, *, actor: Actor, text: str) -> conversations.Message:
    """Say the agent's sentence to the citizen. Raises Conflict unless the agent has the conversation; BadInput."""
    await conversations.get(session, id, lock=True)
    await _own_entry(session, id, actor)
    if not text.strip():
        raise BadInput("请输入要说的话。")
    if len(text) > LONGEST_SENTENCE:
        raise BadInput(f"一次最多 {LONGEST_SENTENCE} 个字，请分几次说。")
    reply = Reply(ReplyType.TEXT, text.strip())
    said = await conversations.say(session, id, sender="agent", replies=[reply], actor=actor)
    return said[0]


async def give_back(session: AsyncSession, id: str, *, actor: Actor) -> None:
    """Give the conversation back to the bot, which tells the citizen. Raises Conflict as `say` does."""
    conversation = await conversations.get(session, id, lock=True)
    entry = await _own_entry(session, id, actor)
    entry.ended_at = clock.now()
    conversation.state = json.dumps(state_of(conversation) | {"alarm": None}, ensure_ascii=False)
    await record(session, id, "returned", actor=actor)
    await live.announce(session, "desk", "handover.returned", conversation=id, staff=actor.id)
    text = wording("handover.returned", conversation.locale)
    await conversations.say(session, id, sender="bot", replies=[Reply(ReplyType.TEXT, text)])


async def context(session: AsyncSession, id: str, *, actor: Actor) -> dict[str, Any]:
    """Return what a person needs to go on: messages (with what led to each), understanding, form so far, tickets.

    Numbers, names and tickets' codes are masked until the agent has taken the conversation; taking it is on the ledger.
    Raises Forbidden; NotFound where the citizen does not want a person.
    """
    actor.must(Permission.CONVERSATION_TAKE)
    conversation = await conversations.get(session, id)
    entry = await open_entry(session, id)
    if entry is None:
        raise NotFound("没有这个对话。")
    own = entry.taken_at is not None and entry.staff_id == actor.id
    state = state_of(conversation)
    said = [
        {**message.as_json(), "why": message.why}
        | ({} if own else {"text": _masked_text(message.text), "code": None, "options": []})
        for message in await conversations.messages(session, id)
    ]
    return {
        "conversation": id,
        "channel": conversation.channel,
        "reason": entry.reason,
        "since": entry.requested_at,
        "held": own,
        "messages": said,
        "alarm": alarm_of(state, clear=own),
        "understanding": state.get("understood"),
        "form": state.get("form") if own else _masked(state.get("form")),
        "tickets": [ticket["number"] for ticket in state.get("tickets", [])],
    }


async def give_ticket(session: AsyncSession, id: str, opened: Opened, *, actor: Actor) -> None:
    """Tell the citizen number and code of a ticket that the agent opened; the bot knows it, and drops the form of it.

    Raises Conflict unless the agent has the conversation.
    """
    conversation = await conversations.get(session, id, lock=True)
    await _own_entry(session, id, actor)
    state = state_of(conversation)
    known = {"number": opened.ticket.number, "code": opened.code, "title": opened.ticket.title}
    state |= {"tickets": [*state.get("tickets", []), known], "form": None, "photos": [], "expects": "", "options": []}
    conversation.state = json.dumps(state, ensure_ascii=False)
    await conversations.say(session, id, sender="agent", replies=[receipt(opened, conversation.locale)], actor=actor)


def _masked(form: dict[str, Any] | None) -> dict[str, Any] | None:
    if form is None:
        return None
    shown = {key: _masked_text(value) if isinstance(value, str) else value for key, value in form.items()}
    return shown | {"name": mask_name(form["name"]), "phone": mask_phone(form["phone"]) if form["phone"] else ""}


def _masked_text(text: str) -> str:
    return _CODE.sub("*" * CODE_LENGTH, without_introduction(mask_text(text)))


async def _own_entry(session: AsyncSession, id: str, actor: Actor) -> Handover:
    entry = await open_entry(session, id)
    if entry is None or entry.taken_at is None or entry.staff_id != actor.id:
        raise Conflict("这个对话不在您手上，请先接听。")
    return entry

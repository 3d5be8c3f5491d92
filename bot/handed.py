"""What a person is handed with a conversation: what was said, the matter so far, what the bot would say now."""

import re
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import ReplyType
from bot.engine.agreed import MOST
from bot.queue import alarm_of, open_entry, own_entry, state_of
from bot.tables import Handover, StoredMessage
from bot.whisper import Whisper, whisper
from core.auth import Actor, Permission
from core.errors import NotFound
from core.privacy import PHONE, mask_name, mask_phone, mask_text
from routing.hiding import without_introduction
from routing.numbers import ALPHABET, CODE_LENGTH

_CHARACTER = "[" + ALPHABET + "".join(chr(ord(character) + 0xFEE0) for character in ALPHABET) + "]"
# A ticket's code as a receipt says it or a citizen types it; some English words look the same, and are hidden too.
_CODE = re.compile("(?<![A-Za-z0-9])" + "[ -]?".join([_CHARACTER] * CODE_LENGTH) + "(?![A-Za-z0-9])", re.IGNORECASE)


async def told_to_agent(session: AsyncSession, entry: Handover) -> list[str]:
    """Return what the citizen has last said since an agent has the conversation, or has opened a ticket of it.

    First what was said with the wish for a person: the bot made nothing of it. As many sentences as are read again.
    """
    since = (StoredMessage.conversation_id == entry.conversation_id) & (StoredMessage.at >= entry.taken_at)
    opened = await session.scalar(
        select(func.max(StoredMessage.id)).where(since, StoredMessage.reply_type == ReplyType.TICKET)
    )
    told = await _said(session, since & (StoredMessage.id > (opened or 0)), MOST)
    if opened or len(told) == MOST:
        return told
    before = (StoredMessage.conversation_id == entry.conversation_id) & (StoredMessage.at <= entry.requested_at)
    return [*filter(None, await _said(session, before, 1)), *told]


async def unanswered_by_agent(session: AsyncSession, entry: Handover) -> str:
    """Return what the citizen has said since the agent's last word; empty where that was the last."""
    if entry.waits_since is None:
        return ""
    here = StoredMessage.conversation_id == entry.conversation_id
    return "，".join(await _said(session, here & (StoredMessage.at >= entry.waits_since), MOST))


async def _said(session: AsyncSession, which: ColumnElement[bool], limit: int) -> list[str]:
    """Return the last sentences of the citizen among these messages, oldest first."""
    found = select(StoredMessage.text).where(StoredMessage.sender == "citizen", which)
    return [*reversed((await session.scalars(found.order_by(StoredMessage.id.desc()).limit(limit))).all())]


async def whispered(session: AsyncSession, id: str, *, actor: Actor) -> Whisper:
    """Return what the bot would say now, for the agent who has the conversation. Raises Conflict for others."""
    conversation = await conversations.get(session, id)
    entry = await own_entry(session, id, actor)
    said = await told_to_agent(session, entry)
    return await whisper(state_of(conversation), said, locale=conversation.locale)


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
        "locale": conversation.locale,
        "reason": entry.reason,
        "since": entry.requested_at,
        "skill": entry.skill,
        "waits_since": entry.waits_since,
        "held": own,
        "messages": said,
        "alarm": alarm_of(state, clear=own),
        "understanding": state.get("understood"),
        "form": state.get("form") if own else _masked(state.get("form")),
        "callback": state.get("callback", "") if own else mask_text(state.get("callback", "")),
        "tickets": [ticket["number"] for ticket in state.get("tickets", [])],
    }


async def number_of(session: AsyncSession, id: str) -> str:
    """Return the number that the citizen left or calls from, to look for what else is theirs; empty where unknown."""
    conversation = await conversations.get(session, id)
    state = state_of(conversation)
    given = (state.get("form") or {}).get("phone") or state.get("callback", "")
    found = PHONE.search(str(given or (conversation.peer if conversation.channel == "voice" else "") or ""))
    return found[0] if found else ""


def _masked(form: dict[str, Any] | None) -> dict[str, Any] | None:
    if form is None:
        return None
    shown = {key: _masked_text(value) if isinstance(value, str) else value for key, value in form.items()}
    return shown | {"name": mask_name(form["name"]), "phone": mask_phone(form["phone"]) if form["phone"] else ""}


def _masked_text(text: str) -> str:
    return without_codes(without_introduction(mask_text(text)))


def without_codes(text: str) -> str:
    """Return the text with what may be a ticket's code hidden: it opens the ticket to whoever has it."""
    return _CODE.sub("*" * CODE_LENGTH, text)

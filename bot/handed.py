"""What a person is handed with a conversation: what was said, the matter so far, what the bot would say now."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, visits
from bot.contract import ReplyType
from bot.engine.agreed import MOST, without_wish
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
_RECEIPT = re.compile(f"(?<![A-Za-z0-9])[{ALPHABET}]{{{CODE_LENGTH}}}(?![A-Za-z0-9])")  # the line itself says it so
LATELY = 20  # messages of the line in which a sentence counts as just said


async def told_to_agent(session: AsyncSession, entry: Handover) -> list[str]:
    """Return what the citizen has last said since an agent has the conversation, or has opened a ticket of it.

    First what was said with the wish for a person: the bot made nothing of it. As many sentences as are read again.
    """
    since = (StoredMessage.conversation_id == entry.conversation_id) & (StoredMessage.at >= entry.taken_at)
    by_agent = (StoredMessage.reply_type == ReplyType.TICKET) & (StoredMessage.sender == "agent")  # not a ticket's news
    opened = await session.scalar(select(func.max(StoredMessage.id)).where(since, by_agent))
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
    here = (StoredMessage.conversation_id == id) & (StoredMessage.sender != "citizen")
    lately = select(StoredMessage.text).where(here).order_by(StoredMessage.id.desc()).limit(LATELY)
    heard = (await session.scalars(lately)).all()
    return await whisper(state_of(conversation), said, locale=conversation.locale, heard=heard)


async def context(session: AsyncSession, id: str, *, actor: Actor, before: int | None = None) -> dict[str, Any]:
    """Return what a person needs to go on: messages (with what led to each), understanding, form so far, tickets.

    The last messages, or those before the message `before`; `more` says whether there are earlier ones; `told`: what
    the citizen has told in this visit that is in no ticket yet. Numbers, names and tickets' codes are masked until the
    agent has taken the conversation; taking it is on the ledger. Raises Forbidden; NotFound where the citizen does not
    want a person.
    """
    actor.must(Permission.CONVERSATION_TAKE)
    conversation = await conversations.get(session, id)
    entry = await open_entry(session, id)
    if entry is None:
        raise NotFound("没有这个对话。")
    own = entry.taken_at is not None and entry.staff_id == actor.id
    state = state_of(conversation)
    names = _names(state)
    found, more = await visits.latest(session, id, before=before)
    visit = await visits.begun_at(session, id, by=entry.requested_at)
    told = [each.text for each in visits.of_matter(found, start=visit) if each.sender == "citizen"]
    said = [
        {**message.as_json(), "why": message.why}
        | ({} if own else {"text": _masked_text(message.text, names, message.sender), "code": None, "options": []})
        for message in found
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
        "more": more,
        "visit": visit,
        "told": [each if own else _masked_text(each, names) for each in filter(None, map(without_wish, told))],
        "alarm": alarm_of(state, clear=own),
        "danger": bool((state.get("alarm") or {}).get("current", True)) if state.get("alarm") else False,
        "understanding": state.get("understood"),
        "form": state.get("form") if own else _masked(state.get("form"), names),
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


def _names(state: dict[str, Any]) -> list[str]:
    """Return the names that the citizen has given of themselves, the longest first."""
    kept = [state.get("form"), state.get("citizen"), *state.get("aside", [])]
    return sorted({each["name"] for each in kept if each and len(each.get("name") or "") > 1}, key=len, reverse=True)


def _masked(form: dict[str, Any] | None, names: Sequence[str]) -> dict[str, Any] | None:
    if form is None:
        return None
    shown = {key: _masked_text(value, names) if isinstance(value, str) else value for key, value in form.items()}
    return shown | {"name": mask_name(form["name"]), "phone": mask_phone(form["phone"]) if form["phone"] else ""}


def _masked_text(text: str, names: Sequence[str], sender: str = "citizen") -> str:
    """Return the text without names, numbers and codes; the line itself introduces nobody (您的姓名和手机号)."""
    text = mask_text(text)
    for name in names:
        text = text.replace(name, mask_name(name))
    return _RECEIPT.sub("*" * CODE_LENGTH, text) if sender == "bot" else without_codes(without_introduction(text))


def without_codes(text: str) -> str:
    """Return the text with what may be a ticket's code hidden: it opens the ticket to whoever has it."""
    return _CODE.sub("*" * CODE_LENGTH, text)

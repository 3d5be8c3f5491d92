"""What the built-in engine remembers of a conversation, as staff may read it: in names, numbers hidden."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.engine import asking
from bot.engine import form as forms
from bot.engine.state import Form, read
from bot.queue import state_of
from core.privacy import mask_name, mask_phone, mask_text
from routing.hiding import without_introduction


async def remembered(session: AsyncSession, id: str, *, clear: bool = False) -> dict[str, Any]:
    """Return the matter in hand, what it lacks, what waits and what was laid aside. Raises NotFound.

    `clear`: with names and numbers, for whoever has the conversation. The codes of tickets are never in it.
    """
    conversation = await conversations.get(session, id)
    state = read({"locale": conversation.locale, **state_of(conversation)})
    hide = (lambda text: text) if clear else _hidden
    return {
        "conversation": id,
        "channel": conversation.channel,
        "begun": conversation.created_at,
        "last": conversation.last_at,
        "locale": state.locale,
        "version": state.version,
        "open_question": state.expects,
        "offered": [option.label for option in state.options],
        "matter": _matter(state.form, clear=clear) if state.form else None,
        "waiting": [{"text": hide(each.text), "question": each.question} for each in state.waiting],
        "aside": [_matter(each, clear=clear) for each in state.aside],
        "question": hide(state.question),
        "article": state.article,
        "command": state.command.name if state.command else "",
        "alarm": hide(state.alarm.reason) if state.alarm else "",
        "tickets": [each.number for each in state.tickets],
    }


def _matter(form: Form, *, clear: bool) -> dict[str, Any]:
    hide = (lambda text: text) if clear else _hidden
    return {
        "category": form.category,
        "category_name": form.category_name,
        "request_type": form.request_type,
        "urgency": form.urgency,
        "description": hide(form.description),
        "where": asking.place_words(form),
        "when": form.happened,
        "name": form.name if clear else mask_name(form.name),
        "phone": form.phone if clear or not form.phone else mask_phone(form.phone),
        "confidential": form.confidential,
        "elements": {element: hide(value) for element, value in form.elements.items()},
        "photos": len(form.media),
        "joins": form.join,
        "missing": forms.all_missing(form),
        "declined": list(dict.fromkeys(form.settled)),
        "changing": list(form.editing),
    }


def _hidden(text: str) -> str:
    return without_introduction(mask_text(text))

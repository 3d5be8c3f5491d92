"""Earlier conversations of the citizen who is on the line, by the number that they left."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, handover, visits
from core.auth import Actor
from core.errors import NotFound
from core.privacy import mask_text
from routing import tickets

MOST = 5
MOST_READ = 300  # messages of an earlier conversation, the last ones
LOOKED_AT = 20  # tickets of the same number, the newest


@dataclass(frozen=True, slots=True)
class Earlier:
    """A conversation: its door, when something was last said, and the matter in a line, with numbers masked."""

    conversation: str
    channel: str
    last_at: datetime
    summary: str


async def conversations_of(session: AsyncSession, context: dict[str, Any], *, actor: Actor) -> list[Earlier]:
    """Return other conversations of the citizen, the newest first: those behind tickets of their number, and calls.

    `context`: of `handover`; they are listed before it is taken, and readable after.
    """
    phone = await handover.number_of(session, context["conversation"])
    if not phone:
        return []
    opened = await tickets.listing(session, actor=actor, query=phone, limit=LOOKED_AT)
    titles = {each.conversation: each.title for each in reversed(opened) if each.conversation}
    found = await conversations.glance(session, [*titles], caller=phone)
    return [
        Earlier(each.id, each.channel, each.last_at, mask_text(titles.get(each.id, "")))
        for each in found
        if each.id != context["conversation"]
    ][:MOST]


async def read(session: AsyncSession, context: dict[str, Any], id: str, *, actor: Actor) -> list[dict[str, Any]]:
    """Return what was said in an earlier conversation, oldest first, as the desk shows it; photos are left out.

    Raises NotFound for one of somebody else, and for any while the agent has not taken the citizen's conversation.
    """
    known = await conversations_of(session, context, actor=actor) if context["held"] else []
    if id not in {each.conversation for each in known}:
        raise NotFound("没有这个对话。")
    said, _ = await visits.latest(session, id, limit=MOST_READ)
    return [
        message.as_json()
        | {"text": handover.without_codes(message.text), "why": message.why, "photos": [], "code": None}
        for message in said
    ]

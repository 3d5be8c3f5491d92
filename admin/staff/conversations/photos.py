"""Photos of a conversation: for the agent who has taken it, for nothing in them is masked, and for its next ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.tickets import photos
from bot import handover, visits
from channels.attachments import Attachment
from core.auth import Actor
from routing import tickets


async def context(session: AsyncSession, id: str, *, actor: Actor, before: int | None = None) -> dict[str, Any]:
    """Return `handover.context` with the `photos` of each message, `{"index", "available"}`; raises what that raises.

    They are counted from 1 in each message. None is available until the agent has taken the conversation.
    """
    found = await handover.context(session, id, actor=actor, before=before)
    shown = []
    for message in found["messages"]:
        listed = photos.listed(message.get("media", []))
        shown.append(
            message | {"photos": [each | {"available": each["available"] and found["held"]} for each in listed]}
        )
    return found | {"messages": shown}


async def open_photo(session: AsyncSession, id: str, message: int, index: int, *, actor: Actor) -> Attachment:
    """Return a photo that the citizen sent. Raises NotFound too for whoever has not taken the conversation."""
    holds = await handover.holder(session, id) == actor.id
    said, _ = await visits.latest(session, id, before=message + 1, limit=1) if holds else ([], False)
    return photos.chosen(said[0].data.get("media", []) if said and said[0].id == message else [], index)


async def of_matter(session: AsyncSession, id: str, *, actor: Actor, visit: datetime) -> list[dict[str, Any]]:
    """Return the photos sent in this visit since its last ticket that are not with that one, as they are kept."""
    last = next(iter(await tickets.listing(session, actor=actor, conversation=id, limit=1)), None)
    sent = [
        each
        for message in await visits.since(session, id, visit)
        if message.sender == "citizen" and (last is None or message.at > last.opened_at)
        for each in message.data.get("media", [])
    ]
    if last is None:
        return sent
    added = photos.of_ticket(last, await tickets.history(session, last.number, actor=actor))
    return [each for each in sent if each not in added]

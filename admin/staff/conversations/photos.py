"""Photos of a conversation: for the agent who has taken it, for nothing in them is masked, and for its next ticket."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.tickets import photos
from bot import conversations, handover
from channels.attachments import Attachment
from core.auth import Actor
from routing import tickets


async def context(session: AsyncSession, id: str, *, actor: Actor) -> dict[str, Any]:
    """Return `handover.context` with the `photos` of each message, `{"index", "available"}`; raises what that raises.

    They are counted from 1 through the conversation. None is available until the agent has taken it.
    """
    found = await handover.context(session, id, actor=actor)
    shown, next_index = [], 1
    for message in found["messages"]:
        listed = photos.listed(message.get("media", []), start=next_index)
        next_index += len(listed)
        shown.append(
            message | {"photos": [each | {"available": each["available"] and found["held"]} for each in listed]}
        )
    return found | {"messages": shown}


async def open_photo(session: AsyncSession, id: str, index: int, *, actor: Actor) -> Attachment:
    """Return a photo that the citizen sent. Raises NotFound too for whoever has not taken the conversation."""
    found = await handover.context(session, id, actor=actor)
    sent = [each for message in found["messages"] for each in message.get("media", [])]
    return photos.chosen(sent if found["held"] else [], index)


async def of_matter(session: AsyncSession, id: str, *, actor: Actor) -> list[dict[str, Any]]:
    """Return the photos sent since the conversation's last ticket that are not with that one, as they are kept."""
    last = next(iter(await tickets.listing(session, actor=actor, conversation=id, limit=1)), None)
    sent = [
        each
        for message in await conversations.messages(session, id)
        if message.sender == "citizen" and (last is None or message.at > last.opened_at)
        for each in message.data.get("media", [])
    ]
    if last is None:
        return sent
    added = photos.of_ticket(last, await tickets.history(session, last.number, actor=actor))
    return [each for each in sent if each not in added]

"""Photos as staff look at them: counted from 1, since an id would tell which conversation they are from."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from channels import attachments
from channels.attachments import Attachment
from core.auth import Actor
from core.errors import NotFound
from routing import tickets
from routing.models import Ticket
from routing.tickets import Step


def of_ticket(ticket: Ticket, taken: Iterable[Step]) -> list[dict[str, Any]]:
    """Return the photos that came with the ticket, then those added to it, as they are kept."""
    return [*ticket.attachments, *(each for step in taken for each in step.attachments)]


def listed(kept: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the photos by number, from 1, and whether they can be looked at."""
    return [{"index": index, "available": _file(each) is not None} for index, each in enumerate(kept, 1)]


def chosen(kept: Sequence[dict[str, Any]], index: int) -> Attachment:
    """Return the photo with this number. Raises NotFound where there is none (yet)."""
    found = _file(kept[index - 1]) if 1 <= index <= len(kept) else None
    if found is None:
        raise NotFound("没有这张照片。")
    return found


async def open_photo(session: AsyncSession, number: str, index: int, *, actor: Actor) -> Attachment:
    """Return a photo of a ticket. Raises NotFound where the actor does not see the ticket, or it has no such photo."""
    ticket = await tickets.find(session, number, actor=actor)
    return chosen(of_ticket(ticket, await tickets.history(session, number, actor=actor)), index)


def _file(kept: dict[str, Any]) -> Attachment | None:
    """Return the file, None where there is none (yet): WeChat's photos are fetched by a job."""
    try:
        return attachments.open_file(str(kept.get("id", "")))
    except NotFound:
        return None

"""A ticket's photos as staff look at them: counted from 1, since an id would tell which conversation they are from."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from channels import attachments
from channels.attachments import Attachment
from core.auth import Actor
from core.errors import NotFound
from routing import tickets
from routing.models import Ticket
from routing.tickets import Step


def listed(ticket: Ticket, taken: Iterable[Step]) -> list[dict[str, Any]]:
    """Return the photos that came with the ticket, then those added to it, and whether they can be looked at."""
    return [
        {"index": index, "available": _file(kept) is not None}
        for index, kept in enumerate(_all(ticket, taken), start=1)
    ]


async def open_photo(session: AsyncSession, number: str, index: int, *, actor: Actor) -> Attachment:
    """Return a photo of a ticket. Raises NotFound where the actor does not see the ticket, or it has no such photo."""
    ticket = await tickets.find(session, number, actor=actor)
    every = _all(ticket, await tickets.history(session, number, actor=actor))
    found = _file(every[index - 1]) if 1 <= index <= len(every) else None
    if found is None:
        raise NotFound("没有这张照片。")
    return found


def _all(ticket: Ticket, taken: Iterable[Step]) -> list[dict[str, Any]]:
    return [*ticket.attachments, *(each for step in taken for each in step.attachments)]


def _file(kept: dict[str, Any]) -> Attachment | None:
    """Return the file, None where there is none (yet): WeChat's photos are fetched by a job."""
    try:
        return attachments.open_file(str(kept.get("id", "")))
    except NotFound:
        return None

"""REST: what changes, as server-sent events. They name what changed; the reader then fetches what it may see."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from admin.staff import access
from admin.staff.access import Who
from admin.staff.refusals import refusals
from bot import conversations
from core import auth, clock, live
from core.auth import Permission
from core.database import transaction
from core.errors import NotSignedIn

router = APIRouter(prefix="/api/v1/staff", tags=["staff: live"])

# A session that has ended stops hearing within this time, whether anything happens or not.
SESSION_CHECK_SECONDS = 60


@router.get(
    "/events",
    response_class=EventSourceResponse,
    responses={
        200: {"description": "Server-sent events", "content": {"text/event-stream": {}}},
        **refusals(401, 403, 404, 422),
    },
)
async def events(
    found: Who,
    conversation: Annotated[str | None, Query(description="Also this conversation's messages.", max_length=64)] = None,
) -> EventSourceResponse:
    """Stream what changes for the signed-in role.

    Events are named by their topic's first word (`desk`, `department`, `conversation`, `knowledge`), or `resync` where
    some may have been missed; the data is a JSON object `{"topic", "kind", …}` without personal data.
    """
    topics = list(access.topics(found.actor))
    if conversation is not None:
        found.actor.must(Permission.CONVERSATION_TAKE)
        async with transaction() as session:
            await conversations.get(session, conversation)
        topics.append(f"conversation:{conversation}")
    return EventSourceResponse(_stream(found.token, topics), ping=15)


async def _stream(token: str, topics: list[str]) -> AsyncIterator[ServerSentEvent]:
    checked = clock.now()
    async with live.hub.subscribe(*topics) as queue:
        yield ServerSentEvent(comment="listening")
        while True:
            try:
                announcement = await asyncio.wait_for(queue.get(), SESSION_CHECK_SECONDS)
            except TimeoutError:
                announcement = None
            if (clock.now() - checked).total_seconds() >= SESSION_CHECK_SECONDS:
                if not await _still_signed_in(token):
                    return
                checked = clock.now()
            if announcement is not None:
                yield _event(announcement)


def _event(announcement: dict[str, Any]) -> ServerSentEvent:
    missed = announcement["topic"] == live.RESYNC["topic"]
    name = "resync" if missed else str(announcement["topic"]).partition(":")[0]
    return ServerSentEvent(event=name, data=json.dumps(announcement, ensure_ascii=False))


async def _still_signed_in(token: str) -> bool:
    async with transaction() as session:
        try:
            await auth.staff_of(session, token)
        except NotSignedIn:
            return False
    return True

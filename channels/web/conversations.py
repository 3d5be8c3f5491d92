"""The citizens' HTTP interface: a conversation, its messages, photos and live events."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

import bot
from bot import conversations, handover
from bot.contract import Turn
from channels import attachments
from channels.web import events, rates
from channels.web.bodies import PhotoBody, SmallBody
from channels.web.holder import Token, remember
from channels.web.schemas import (
    Answered,
    KeptAttachment,
    Messages,
    NewConversation,
    NewMessage,
    OpenedConversation,
    Reply,
    StoredMessage,
    problems,
)
from channels.web.texts import locale_of, say
from core import clock
from core.database import transaction
from core.errors import BadInput, NotFound

PREFIX = "/api/v1/conversations"

router = APIRouter(tags=["citizens"])
_small = APIRouter(prefix=PREFIX, route_class=SmallBody)
_photos = APIRouter(prefix=PREFIX, route_class=PhotoBody)

ConversationId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Id of the conversation")]


@_small.post("", status_code=201, responses=problems(413, 422, 429, 503))
async def open_conversation(
    request: Request, response: Response, wanted: NewConversation | None = None
) -> OpenedConversation:
    """Open a conversation. The token is shown this once; every other request of the conversation carries it."""
    rates.admit("open", rates.address_of(request))
    wanted = wanted or NewConversation()
    async with transaction() as session:
        conversation, token = await conversations.open(
            session, channel="web", locale=wanted.locale or locale_of(request)
        )
    if wanted.page is not None:
        remember(response, request, token, page=wanted.page)
    response.headers["Cache-Control"] = "no-store"
    return OpenedConversation(id=conversation.id, token=token)


@_small.post("/{conversation}/messages", responses=problems(401, 403, 413, 422, 429, 503))
async def send_message(
    request: Request,
    conversation: ConversationId,
    token: Token,
    message: NewMessage,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=200, description="The same key is answered once; a repeated request gets the same replies."),
    ] = None,
) -> Answered:
    """Say something and hear the line's replies; none while a person answers, whose words come as events."""
    address = rates.address_of(request)
    rates.admit("message", address, conversation)
    if not message.text.strip() and not message.media:
        raise BadInput(say("problem.empty", request))
    async with transaction() as session:
        locked = await conversations.authorise(session, conversation, token, lock=True)
        turn = Turn(
            conversation=conversation,
            channel="web",
            text=message.text,
            received_at=clock.now(),
            key=idempotency_key,
            caller=address,
            media=tuple({"kind": "image", "id": _own(each, conversation, request)} for each in message.media),
        )
        replies = await bot.converse(session, turn, locked=locked)
        state, place = await events.standing(session, conversation)
    return Answered(replies=[Reply.model_validate(each.as_json()) for each in replies], state=state, place=place)


@_small.get("/{conversation}/messages", responses=problems(401, 422, 503))
async def list_messages(
    conversation: ConversationId,
    token: Token,
    after: Annotated[int, Query(ge=0, le=2**62, description="Only what came after the message with this id.")] = 0,
) -> Messages:
    """Return what was said, oldest first."""
    async with transaction() as session:
        await conversations.authorise(session, conversation, token)
        found = await conversations.messages(session, conversation, after=after)
        state, place = await events.standing(session, conversation)
    said = [StoredMessage.model_validate(each.as_json()) for each in found]
    return Messages(messages=said, state=state, place=place)


@_small.get(
    "/{conversation}/events",
    response_class=EventSourceResponse,
    responses={
        200: {"description": "Server-sent events", "content": {"text/event-stream": {}}},
        **problems(401, 422, 429),
    },
)
async def listen(
    conversation: ConversationId,
    token: Token,
    after: Annotated[int, Query(ge=0, le=2**62, description="Only what came after the message with this id.")] = 0,
    last_event_id: Annotated[str, Header(description="Sent by browsers that connect again.")] = "",
) -> EventSourceResponse:
    """Hear every message of the conversation as it is said, whoever says it: server-sent events named `message`.

    Each event's id is the message's id, its data the message as in the list. An event `state` tells who answers now,
    an event `place` where one stands in the queue for a person, while one waits.
    """
    async with transaction() as session:
        await conversations.authorise(session, conversation, token)
    events.admit(conversation)
    resumed = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    return EventSourceResponse(events.of(conversation, after=max(after, min(resumed, 2**62))))


@_small.delete("/{conversation}/wait", status_code=204, responses=problems(401, 429, 503))
async def stop_waiting(request: Request, conversation: ConversationId, token: Token) -> None:
    """Leave the queue for a person; the line goes on by itself. Doing it twice, or without waiting, is no error."""
    rates.admit("message", rates.address_of(request), conversation)
    async with transaction() as session:
        await conversations.authorise(session, conversation, token)
        await handover.leave(session, conversation)


@_photos.post("/{conversation}/attachments", status_code=201, responses=problems(401, 403, 413, 422, 429, 503))
async def keep_attachment(
    request: Request, conversation: ConversationId, token: Token, file: UploadFile
) -> KeptAttachment:
    """Send a photo (JPEG, PNG or WebP) to name in a message. Where and when it was taken is removed from it."""
    rates.admit("photo", rates.address_of(request), conversation)
    async with transaction() as session:
        await conversations.authorise(session, conversation, token)
    content = await file.read(attachments.largest() + 1)
    kept = await run_in_threadpool(attachments.keep, conversation, content)
    return KeptAttachment(id=kept.id, media_type=kept.media_type)


@_small.get("/{conversation}/attachments/{attachment}", response_class=FileResponse, responses=problems(401, 404))
async def read_attachment(conversation: ConversationId, token: Token, attachment: str) -> FileResponse:
    """Return a photo of this conversation."""
    async with transaction() as session:
        await conversations.authorise(session, conversation, token)
    found = attachments.of_conversation(attachment, conversation)
    return FileResponse(found.path, media_type=found.media_type, headers={"Cache-Control": "private, max-age=86400"})


def _own(attachment: str, conversation: str, request: Request) -> str:
    """Return the id of a photo of this conversation. Raises BadInput for any other."""
    try:
        return attachments.of_conversation(attachment, conversation).id
    except NotFound:
        raise BadInput(say("problem.media", request)) from None


router.include_router(_small)
router.include_router(_photos)

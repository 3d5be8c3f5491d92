"""REST: the hand-over queue and an agent's part in a conversation."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from admin.staff.access import Staffed, requires
from admin.staff.conversations import photos, taking
from admin.staff.refusals import refusals
from bot import handover
from bot.remembered import remembered
from channels.images import MEDIA_TYPES
from core.auth import Permission
from core.database import transaction

router = APIRouter(
    prefix="/api/v1/staff/conversations",
    tags=["staff: conversations"],
    dependencies=[requires(Permission.CONVERSATION_TAKE)],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
)

WAITING: dict[str, Any] = {
    "conversation": "7c6f0d0b9a5e4f7f8f7d2f4f6a1b2c3d",
    "channel": "web",
    "since": "2026-11-22T02:21:00Z",
    "reason": "asked",
    "summary": "建设路12号门前路灯不亮",
    "alarm": None,
}


class WaitingView(BaseModel):
    """A conversation that wants a person or has one; numbers in the summary are masked."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": WAITING})

    conversation: str
    channel: str
    since: datetime
    reason: str = Field(description="emergency (goes before all others), asked, no_answer, not_understood …")
    summary: str
    alarm: dict[str, Any] | None = Field(description="The emergency: service, number, situation, reason, place.")


class Queue(BaseModel):
    """Who waits, first to be taken first, and the conversations that you hold."""

    waiting: list[WaitingView]
    mine: list[WaitingView]


class Said(BaseModel):
    """A sentence of the agent."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "您好，我是坐席林晓，请问路灯杆上有编号吗？"}})

    text: Annotated[str, Field(min_length=1, max_length=2000)]


class MessageView(BaseModel):
    """A message that was said."""

    id: int
    text: str
    at: datetime


@router.get("/waiting")
async def waiting(actor: Staffed) -> Queue:
    """List who waits for a person, and whom you are talking with."""
    async with transaction() as session:
        return Queue(
            waiting=[WaitingView.model_validate(each) for each in await handover.waiting(session)],
            mine=[WaitingView.model_validate(each) for each in await handover.held_by(session, actor=actor)],
        )


@router.get("/{id}")
async def context(id: str, actor: Staffed) -> dict[str, Any]:
    """Return what a person needs to go on: messages, understanding, form so far, tickets. Masked until you take it."""
    async with transaction() as session:
        return await photos.context(session, id, actor=actor)


@router.get("/{id}/remembered")
async def read_remembered(id: str, actor: Staffed) -> dict[str, Any]:
    """Return what the bot remembers: the matter, what it lacks, what waits, what was laid aside. Masked as above."""
    async with transaction() as session:
        found = await handover.context(session, id, actor=actor)
        return await remembered(session, id, clear=found["held"])


@router.get(
    "/{id}/attachments/{index}",
    response_class=FileResponse,
    responses={200: {"description": "The photo", "content": {kind: {} for kind in MEDIA_TYPES}}},
)
async def read_photo(id: str, index: Annotated[int, Path(ge=1, le=1000)], actor: Staffed) -> FileResponse:
    """Return a photo that the citizen sent, of a conversation that you have taken; 404 before that."""
    async with transaction() as session:
        found = await photos.open_photo(session, id, index, actor=actor)
    # The next person at this desk must not find it.
    return FileResponse(found.path, media_type=found.media_type, headers={"Cache-Control": "no-store"})


@router.post("/{id}/take", status_code=204)
async def take(id: str, actor: Staffed) -> None:
    """Take the conversation. 409 with the holder's name when a colleague was faster."""
    async with transaction() as session:
        await taking.take(session, id, actor=actor)


@router.post("/{id}/say", status_code=201)
async def say(id: str, body: Said, actor: Staffed) -> MessageView:
    """Say something to the citizen; only in a conversation that you hold."""
    async with transaction() as session:
        said = await handover.say(session, id, actor=actor, text=body.text)
        return MessageView(id=said.id, text=said.text, at=said.at)


@router.post("/{id}/give-back", status_code=204)
async def give_back(id: str, actor: Staffed) -> None:
    """Give the conversation back to the bot."""
    async with transaction() as session:
        await handover.give_back(session, id, actor=actor)

"""REST: the hand-over queue and an agent's part in a conversation."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from admin.staff.access import Staffed, requires
from admin.staff.conversations import photos, suggesting, taking
from admin.staff.refusals import refusals
from admin.staff.tickets.opening import known_category
from bot import handover
from bot.handover import Agreed
from bot.remembered import remembered
from channels.images import MEDIA_TYPES
from core.auth import Permission
from core.database import transaction
from core.privacy import mask_text

router = APIRouter(
    prefix="/api/v1/staff/conversations",
    tags=["staff: conversations"],
    dependencies=[requires(Permission.CONVERSATION_TAKE)],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
)

MOST_ID = 2**63 - 1  # of a row
WAITING: dict[str, Any] = {
    "conversation": "7c6f0d0b9a5e4f7f8f7d2f4f6a1b2c3d",
    "channel": "web",
    "since": "2026-11-22T02:21:00Z",
    "reason": "asked",
    "summary": "建设路12号门前路灯不亮",
    "alarm": None,
    "skill": "dialect",
    "open_at": "2026-11-22T02:22:30Z",
    "returned": False,
    "waits_since": None,
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
    skill: str | None = Field(description="The desk that is asked first: emergency, enterprise, dialect …")
    open_at: datetime | None = Field(description="From when on anybody may take it.")
    returned: bool = Field(description="A colleague had it and left; it goes before others.")
    waits_since: datetime | None = Field(description="Since when the citizen waits for a word of whoever has it.")


class Queue(BaseModel):
    """Who waits, first to be taken first, and the conversations that you hold."""

    waiting: list[WaitingView]
    mine: list[WaitingView]


class Said(BaseModel):
    """A sentence of the agent."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "您好，我是坐席林晓，请问路灯杆上有编号吗？"}})

    text: Annotated[str, Field(min_length=1, max_length=2000)]


class PassedOn(BaseModel):
    """What you agreed with the citizen for the form; empty: nothing about it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"description": "楼上半夜装修", "address": "南山路18号", "phone": "13800138000"}},
    )

    description: Annotated[str, Field(max_length=10_000)] = ""
    category: Annotated[str, Field(max_length=100), AfterValidator(known_category)] = ""
    address: Annotated[str, Field(max_length=200)] = ""
    district: Annotated[str | None, Field(max_length=64)] = None
    street: Annotated[str | None, Field(max_length=64)] = None
    happened: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=50)] = ""
    phone: Annotated[str, Field(max_length=30)] = ""
    confidential: bool | None = None


class Moved(BaseModel):
    """The desk that shall go on with the citizen; null: anybody."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"desk": "english"}})

    desk: Annotated[str | None, Field(max_length=40)] = None


class AlikeView(BaseModel):
    """An open ticket nearby that is probably the same matter, and how to ask about it."""

    number: str
    title: str
    ask: str


class WhisperView(BaseModel):
    """Sentences for you to send or leave, in the citizen's language."""

    instruct: str = Field(description="What to do now, where the last words tell of an emergency.")
    missing: str = Field(description="The next element that the matter lacks: where, when, contact …")
    ask: str = Field(description="Asks for it.")
    answers: list[str] = Field(description="Of the knowledge base, each with its source.")
    alike: list[AlikeView]


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
            waiting=[WaitingView.model_validate(each) for each in await handover.waiting(session, actor=actor)],
            mine=[WaitingView.model_validate(each) for each in await handover.held_by(session, actor=actor)],
        )


@router.get("/{id}")
async def context(
    id: str,
    actor: Staffed,
    before: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Messages before this one.")] = None,
) -> dict[str, Any]:
    """Return what a person needs to go on: messages, understanding, form so far, tickets. Masked until you take it.

    Of the messages the last hundred; where `more` is true, ask again with `before` as the id of the first of them.
    """
    async with transaction() as session:
        return await photos.context(session, id, actor=actor, before=before)


@router.get("/{id}/remembered")
async def read_remembered(id: str, actor: Staffed) -> dict[str, Any]:
    """Return what the bot remembers: the matter, what it lacks, what waits, what was laid aside. Masked as above."""
    async with transaction() as session:
        found = await handover.context(session, id, actor=actor)
        return await remembered(session, id, clear=found["held"])


@router.get(
    "/{id}/messages/{message}/attachments/{index}",
    response_class=FileResponse,
    responses={200: {"description": "The photo", "content": {kind: {} for kind in MEDIA_TYPES}}},
)
async def read_photo(
    id: str,
    message: Annotated[int, Path(ge=1, lt=MOST_ID)],
    index: Annotated[int, Path(ge=1, le=1000)],
    actor: Staffed,
) -> FileResponse:
    """Return a photo of a message of the citizen, in a conversation that you have taken; 404 before that."""
    async with transaction() as session:
        found = await photos.open_photo(session, id, message, index, actor=actor)
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
async def give_back(id: str, actor: Staffed, body: PassedOn | None = None) -> None:
    """Give the conversation back to the bot, which goes on with an open form where the citizen and you were.

    What the citizen told you is in the form then; with a body, what you pass on too, and it begins a form.
    """
    agreed = Agreed(**body.model_dump()) if body else None
    async with transaction() as session:
        await handover.give_back(session, id, actor=actor, agreed=agreed)


@router.post("/{id}/move", status_code=204)
async def move(id: str, body: Moved, actor: Staffed) -> None:
    """Move a conversation that you hold to another desk; a supervisor moves any. 409 where nobody of it is there."""
    async with transaction() as session:
        await handover.move(session, id, body.desk, actor=actor)


@router.get("/{id}/whisper")
async def whisper(id: str, actor: Staffed) -> WhisperView:
    """Return what the bot would say now, for you alone; nothing of it is sent. 409 unless you have the conversation."""
    async with transaction() as session:
        context = await photos.context(session, id, actor=actor)
        heard = await suggesting.hear(session, context, actor=actor)
        found = await suggesting.suggest(session, context)
    said = heard.whisper
    return WhisperView(
        instruct=said.instruct,
        missing=said.missing,
        ask=said.ask,
        answers=[suggesting.as_answer(hit) for hit in found.hits],
        alike=[AlikeView(number=each.number, title=mask_text(each.title), ask=ask) for each, ask in heard.alike],
    )

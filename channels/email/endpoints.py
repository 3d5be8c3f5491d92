"""`/channels/email`: one mail, posted by the city's mail server or an inbound-mail service. Answers go out as mails."""

from io import BytesIO
from typing import Any

import structlog
from fastapi import APIRouter, Request
from limits import RateLimitItemPerDay
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.concurrency import run_in_threadpool

from bot import conversations, converse
from bot.contract import Turn
from channels import attachments, bodies
from channels.email import delivery, messages, threads
from channels.email.account import account, admit
from channels.email.messages import Incoming
from core import clock, database
from core.errors import BadInput, TooLarge, TooMany

log = structlog.get_logger()

LONGEST_MAIL = 20 * 1024 * 1024  # bytes, as the limit of most mail servers
FIELD = b"email"  # of the form in which SendGrid posts the raw message
# Two machines that answer each other do not all say that they are machines: after so many the day is over. The count
# lives in the process, as the web's does.
MOST_A_DAY = RateLimitItemPerDay(50)

router = APIRouter(prefix="/channels/email", include_in_schema=False)
_limiter = MovingWindowRateLimiter(MemoryStorage())


@router.post("")
async def receive(request: Request) -> dict[str, Any]:
    """Take one mail: `message/rfc822`, or a form with the whole message in the field `email`.

    Returns whether it was taken and, for one that must not be answered, why not. Raises NotFound when the door is
    closed, NotSignedIn without the secret, TooLarge beyond 20 MB, BadInput for what is no mail, TooMany beyond 50 mails
    of one address in 24 hours.
    """
    door = account()
    admit(door, request.headers.get("Authorization", ""))
    body = await bodies.read(request, limit=LONGEST_MAIL)
    raw = await run_in_threadpool(_message, body, request.headers.get("Content-Type", ""))
    incoming = await run_in_threadpool(messages.read, raw, own=door.address)
    if isinstance(incoming, str):
        log.info("email.ignored", reason=incoming)
        return {"taken": False, "reason": incoming}
    if not _limiter.hit(MOST_A_DAY, incoming.sender.casefold()):
        raise TooMany("这个邮箱今天来信太多了，请明天再写，着急的事请打电话。")
    await _answer(incoming)
    return {"taken": True}


def _message(body: bytes, content_type: str) -> bytes:
    """Return the mail's own bytes. Raises BadInput where the body is neither a mail nor a form with one."""
    kind = content_type.split(";")[0].strip().lower()
    if kind == "message/rfc822":
        return body
    if kind != "multipart/form-data":
        raise BadInput("请以 message/rfc822 或 multipart/form-data 提交邮件。")
    # Read here and not by the framework, which turns a field into text: a mail is bytes in several character sets.
    found: list[bytes] = []

    def on_field(field: Any) -> None:
        if field.field_name == FIELD:
            found.append(field.value or b"")

    def on_file(file: Any) -> None:
        if file.field_name == FIELD:
            file.file_object.seek(0)
            found.append(file.file_object.read())
        file.close()

    try:
        parse_form({"Content-Type": content_type.encode()}, BytesIO(body), on_field, on_file)
    except FormParserError:
        raise BadInput("表单无法读取。") from None
    if not found or not found[0]:
        raise BadInput("表单里没有 email 字段；请让服务提交完整的原始邮件。")
    return found[0]


async def _answer(incoming: Incoming) -> None:
    async with database.transaction() as session:
        conversation, begins = await threads.conversation_of(session, incoming)
        if await conversations.answered(session, conversation, incoming.key) is not None:
            return
    kept, refused = await _keep_photos(conversation, incoming)
    async with database.transaction() as session:
        await _converse(session, incoming, conversation, begins, kept, refused + incoming.others)


async def _converse(
    session: AsyncSession, incoming: Incoming, conversation: str, begins: bool, photos: list[str], not_kept: int
) -> None:
    turn = Turn(
        conversation=conversation,
        channel=threads.CHANNEL,
        text=incoming.letter if begins else incoming.answer,
        received_at=clock.now(),
        key=incoming.key,
        media=tuple({"kind": "image", "id": each} for each in photos),
        # Addresses are made up at no cost, so wrong codes of a ticket are counted for the whole door.
        caller=threads.CHANNEL,
    )
    if await converse(session, turn):
        await delivery.post_answer(
            session,
            conversation,
            key=incoming.key,
            answers=incoming.message_id,
            first=begins,
            not_kept=not_kept,
        )


async def _keep_photos(conversation: str, incoming: Incoming) -> tuple[list[str], int]:
    """Keep the mail's photos; return their ids and how many could not be kept. Raises Unavailable: disk full."""
    kept: list[str] = []
    for number, photo in enumerate(incoming.photos):
        id = attachments.foretold(conversation, f"{incoming.key}:{number}")
        try:
            await run_in_threadpool(attachments.keep, conversation, photo, id=id)
        except (BadInput, TooLarge, TooMany) as refusal:
            log.info("email.photo_refused", attachment=id, reason=refusal.slug)
        else:
            kept.append(id)
    return kept, len(incoming.photos) - len(kept)

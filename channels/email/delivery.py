"""Notices for citizens who wrote a mail: the answer to a turn, an agent's sentence, a ticket's news."""

import base64

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.concurrency import run_in_threadpool

from bot import conversations
from bot.contract import ReplyType
from channels import pushing
from channels.email import letters, smtp, threads
from channels.email.account import account
from core import outbox, privacy
from core.errors import NotFound
from core.outbox import Notice

log = structlog.get_logger()

ANSWER = "answer"  # kind of a notice that sends what a turn was answered with


async def post_answer(
    session: AsyncSession, conversation: str, *, key: str, answers: str, first: bool, not_kept: int
) -> None:
    """Post the one mail that answers the turn with this key. `answers`: the Message-ID of the citizen's mail.

    The id is sealed, since programs write people's names into it; `first` and `not_kept` are as in the letter.
    """
    sealed = base64.b64encode(privacy.seal(answers)).decode()
    await outbox.post(
        session,
        channel=threads.CHANNEL,
        recipient={"conversation": conversation},
        kind=ANSWER,
        content={"key": key, "answers": sealed, "first": first, "not_kept": not_kept},
        idempotency_key=f"{threads.CHANNEL}:{conversation}:{key}",
    )


async def deliver(session: AsyncSession, notice: Notice) -> None:
    """Send one notice as a mail. Raises Unavailable when the mail server may take it later.

    What the server refuses for good, or what cannot be sent because the door is closed, is recorded on the ledger and
    stays readable in the conversation.
    """
    conversation = await conversations.get(session, notice.recipient["conversation"])
    thread = threads.of_peer(conversation.peer)
    answers: str | None = None
    first, not_kept = False, 0
    if notice.kind == ANSWER:
        replies = await conversations.answered(session, conversation.id, notice.content["key"]) or []
        answers = privacy.unseal(base64.b64decode(notice.content["answers"]))
        first, not_kept = notice.content["first"], notice.content["not_kept"]
    else:
        message = await pushing.message_of(session, notice)
        # "A person has joined, go on" is for who sits at a screen; here that person's words are the next mail.
        replies = [] if message is None or message.type is ReplyType.HANDOFF else [message]
    if not replies:
        return
    try:
        door = account()
    except NotFound:
        return await pushing.record_undelivered(session, notice, "not_configured")
    if thread is None:
        return await pushing.record_undelivered(session, notice, "no_address")
    text = letters.answer_text(replies, conversation.locale, first=first, not_kept=not_kept)
    message_id = threads.message_id(conversation.id, notice.id, domain=door.domain)
    mail = letters.letter(door, thread, text, locale=conversation.locale, message_id=message_id, answers=answers)
    try:
        await run_in_threadpool(smtp.send, door.server, mail, sender=door.address, recipient=thread.address)
    except smtp.Refused as refusal:
        log.warning("email.refused", notice=notice.id, reason=refusal.reason)
        await pushing.record_undelivered(session, notice, refusal.reason)

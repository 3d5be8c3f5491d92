"""What doors share that send by themselves (WeChat, telephone): what a notice says and to whom, and what never arrived.

A notice of kind `message` points at a message of the conversation. Any other (a ticket's news) is first said in the
conversation, so that the citizen's thread and the agent's screen hold it; saying it posts the `message` that goes out.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from core import ledger, outbox
from core.auth import SYSTEM
from core.outbox import Notice

MESSAGE = "message"


async def peer_of(session: AsyncSession, notice: Notice) -> str | None:
    """Return whom the door reaches for this notice: an openid, a telephone number. Raises NotFound."""
    conversation = await conversations.get(session, notice.recipient["conversation"])
    return conversation.peer


async def message_of(session: AsyncSession, notice: Notice) -> Reply | None:
    """Return what to send now; None where this call only put the notice into the conversation, or it was erased."""
    conversation = notice.recipient["conversation"]
    if notice.kind != MESSAGE:
        data = {key: value for key, value in notice.content.items() if key != "text"}
        reply = Reply(ReplyType.TEXT, str(notice.content["text"]), {**data, "kind": notice.kind})
        await conversations.say(session, conversation, sender="bot", replies=[reply])
        return None
    number = int(notice.content["message"])
    found = await conversations.messages(session, conversation, after=number - 1)
    message = next((each for each in found if each.id == number), None)
    if message is None:
        return None
    return Reply(ReplyType(message.reply_type or ReplyType.TEXT), message.text, message.data)


def part_of(notice: Notice) -> int:
    """Return which of its parts this notice sends, from 0: what is too long for one message goes out a part a notice.

    So a part that failed is sent again by itself, and those before it are not repeated.
    """
    return int(notice.content.get("part", 0))


async def post_next_part(session: AsyncSession, notice: Notice) -> None:
    """Post the notice that sends the next part, once this one is out."""
    part = part_of(notice) + 1
    await outbox.post(
        session,
        channel=notice.channel,
        recipient=notice.recipient,
        kind=notice.kind,
        content=notice.content | {"part": part},
        idempotency_key=f"{notice.idempotency_key}:part:{part}",
        at_most_once=notice.at_most_once,
    )


async def record_undelivered(session: AsyncSession, notice: Notice, reason: str) -> None:
    """Write on the ledger that a notice stays in the conversation and is not sent again; `reason`: a short code."""
    await ledger.append(
        session,
        subject=f"conversation:{notice.recipient['conversation']}",
        kind="notice.undelivered",
        actor=SYSTEM,
        data={"notice": notice.id, "channel": notice.channel, "reason": reason},
    )

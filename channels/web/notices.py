"""Notices for citizens on the web: they wait in the conversation, and an open page shows them at once."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from core.outbox import Notice


async def deliver(session: AsyncSession, notice: Notice) -> None:
    """Put the notice into its conversation; the outbox sees to it that this happens once.

    Raises NotFound where the conversation is gone.
    """
    conversation = str(notice.recipient["conversation"])
    # Messages of one conversation are written one transaction after the other, so whoever asks for what came after an
    # id never misses a smaller one.
    await conversations.get(session, conversation, lock=True)
    data = {key: value for key, value in notice.content.items() if key != "text"}
    reply = Reply(ReplyType.TEXT, str(notice.content["text"]), {**data, "kind": notice.kind})
    await conversations.say(session, conversation, sender="bot", replies=[reply])

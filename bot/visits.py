"""A thread that goes on for years is read from its end: what was said last, and what belongs to the present visit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contract import ReplyType
from bot.conversations import Message, read
from bot.tables import StoredMessage

LISTED = 100  # messages of a page
APART = timedelta(hours=2)  # after a longer silence another visit begins


async def latest(
    session: AsyncSession, id: str, *, before: int | None = None, limit: int = LISTED
) -> tuple[list[Message], bool]:
    """Return the last messages, oldest first, and whether earlier ones were said; `before`: a message's id."""
    here = StoredMessage.conversation_id == id
    if before is not None:
        here &= StoredMessage.id < before
    found = select(StoredMessage).where(here).order_by(StoredMessage.id.desc()).limit(limit + 1)
    rows = (await session.scalars(found)).all()
    return [read(row) for row in reversed(rows[:limit])], len(rows) > limit


async def since(session: AsyncSession, id: str, start: datetime) -> list[Message]:
    """Return what was said from a moment on, oldest first."""
    here = (StoredMessage.conversation_id == id) & (StoredMessage.at >= start)
    return [read(row) for row in await session.scalars(select(StoredMessage).where(here).order_by(StoredMessage.id))]


async def begun_at(session: AsyncSession, id: str, *, by: datetime) -> datetime:
    """Return when the visit of the moment `by` began: after the last long silence before it, as far as a page goes."""
    said = select(StoredMessage.at).where(StoredMessage.conversation_id == id, StoredMessage.at <= by)
    times: list[datetime] = [by, *(await session.scalars(said.order_by(StoredMessage.id.desc()).limit(LISTED)))]
    return next((later for later, earlier in pairwise(times) if later - earlier > APART), times[-1])


def of_matter(messages: Sequence[Message], *, start: datetime) -> list[Message]:
    """Return those of the messages that were said from `start` on, and after the last ticket was opened."""
    opened = max((each.id for each in messages if each.reply_type == ReplyType.TICKET and _opens(each)), default=0)
    return [each for each in messages if each.at >= start and each.id > opened]


def _opens(message: Message) -> bool:
    """Say whether a message hands a new ticket over: news of one have no code, and its status has a state."""
    return bool(message.data.get("code")) and "state" not in message.data

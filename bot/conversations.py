"""Conversations: opened, entrusted to a token, found by their peer, read and spoken in."""

import hmac
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contract import Reply, ReplyType
from bot.tables import Conversation, StoredMessage
from core import clock, live, outbox
from core.auth import Actor
from core.credentials import token_digest
from core.errors import NotFound, NotSignedIn
from core.privacy import blind_index
from core.settings import settings

# Doors that hear nothing unless it is sent to them; the web page listens by itself.
PUSHED = frozenset({"wechat", "voice", "email"})


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said in a conversation. `sender`: citizen bot agent; `reply_type` is None for a citizen's message."""

    id: int
    sender: str
    text: str
    reply_type: str | None
    data: dict[str, Any]
    at: datetime
    why: dict[str, Any] = field(default_factory=dict)  # what led the bot to say it; for staff only

    def as_json(self) -> dict[str, Any]:
        """Return what the citizen may see, as the public interface has it."""
        return {
            "id": self.id,
            "sender": self.sender,
            "type": self.reply_type,
            "text": self.text,
            **self.data,
            "at": self.at.isoformat(),
        }


async def open(
    session: AsyncSession, *, channel: str, peer: str | None = None, locale: str | None = None
) -> tuple[Conversation, str]:
    """Begin a conversation; return it and the secret token that opens it again.

    `channel`: web wechat voice email; `peer`: whom the door answers (openid, caller's number); `locale`: zh_CN or en.
    """
    token = secrets.token_urlsafe(32)
    conversation = Conversation(
        id=uuid.uuid4().hex,
        channel=channel,
        locale=locale or settings().locale,
        token_digest=token_digest(token),
        expires_at=_end_of_token(),
        peer=peer,
        peer_index=None if peer is None else _peer_index(channel, peer),
        state=None,
        created_at=clock.now(),
        last_at=clock.now(),
    )
    session.add(conversation)
    await session.flush()
    return conversation, token


async def authorise(session: AsyncSession, id: str, token: str, *, lock: bool = False) -> Conversation:
    """Return the conversation that the token opens, and lengthen the token's life when half of it is over.

    `lock`: with its row locked until the transaction ends, as a turn needs it. Raises NotSignedIn, the same for an
    unknown id, a wrong token and one that has ended.
    """
    conversation = await session.get(Conversation, id, with_for_update=True if lock else None)
    given = token_digest(token)
    kept = (conversation.token_digest if conversation else None) or bytes(32)
    if (
        not hmac.compare_digest(kept, given)
        or conversation is None
        or conversation.expires_at is None
        or conversation.expires_at <= clock.now()
    ):
        raise NotSignedIn("对话已失效，请重新开始。")
    # Not at every look: that would write the row, and wait for whoever answers a turn in it.
    if conversation.expires_at - clock.now() < timedelta(days=settings().conversation_days) / 2:
        conversation.expires_at = _end_of_token()
    return conversation


async def by_peer(session: AsyncSession, *, channel: str, peer: str) -> Conversation:
    """Return the one conversation with this peer of a door, begun now when there is none."""
    index = _peer_index(channel, peer)
    await session.execute(
        insert(Conversation)
        .values(
            id=uuid.uuid4().hex,
            channel=channel,
            locale=settings().locale,
            peer=peer,
            peer_index=index,
            created_at=clock.now(),
            last_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["channel", "peer_index"])
    )
    found = await session.scalars(
        select(Conversation).where(Conversation.channel == channel, Conversation.peer_index == index)
    )
    return found.one()


async def get(session: AsyncSession, id: str, *, lock: bool = False) -> Conversation:
    """Return a conversation, with its row locked until the transaction ends if asked. Raises NotFound."""
    statement = select(Conversation).where(Conversation.id == id).execution_options(populate_existing=True)
    conversation = await session.scalar(statement.with_for_update(key_share=True) if lock else statement)
    if conversation is None:
        raise NotFound("没有这个对话。")
    return conversation


async def glance(session: AsyncSession, ids: Sequence[str], *, caller: str) -> Sequence[Conversation]:
    """Return these conversations and the one in which the number `caller` telephones, the latest first."""
    called = (Conversation.channel == "voice") & (Conversation.peer_index == _peer_index("voice", caller))
    statement = select(Conversation).where(Conversation.id.in_(ids) | called).order_by(Conversation.last_at.desc())
    return (await session.scalars(statement)).all()


async def begin_anew(session: AsyncSession, id: str, *, unless: str) -> None:
    """Let the next turn begin with no open form and no known ticket; what was said stays.

    `unless`: where the citizen's last message has a key that begins so, the dialogue goes on. Raises NotFound.
    """
    conversation = await get(session, id, lock=True)
    last = await session.scalar(
        select(StoredMessage.key)
        .where(StoredMessage.conversation_id == id, StoredMessage.sender == "citizen")
        .order_by(StoredMessage.id.desc())
        .limit(1)
    )
    if not (last or "").startswith(unless):
        conversation.state = None


async def messages(session: AsyncSession, id: str, *, after: int = 0) -> list[Message]:
    """Return what was said after the message `after`, oldest first."""
    rows = await session.scalars(
        select(StoredMessage)
        .where(StoredMessage.conversation_id == id, StoredMessage.id > after)
        .order_by(StoredMessage.id)
    )
    return [read(row) for row in rows]


async def store(
    session: AsyncSession,
    id: str,
    *,
    sender: str,
    replies: Sequence[Reply],
    actor: Actor | None = None,
    answers: int | None = None,
) -> list[Message]:
    """Write what `sender` (bot agent) says and announce it; the caller sees to it that the citizen gets it."""
    rows = [
        StoredMessage(
            conversation_id=id,
            sender=sender,
            text=reply.text,
            reply_type=str(reply.type),
            data=json.dumps(reply.data, ensure_ascii=False, default=str),
            answers=answers,
            staff_id=actor.id if actor else None,
            at=clock.now(),
        )
        for reply in replies
    ]
    for row in rows:  # one by one: the order of ids is the order of speaking
        session.add(row)
        await session.flush()
    if rows:
        await live.announce(session, f"conversation:{id}", "message", ids=[row.id for row in rows], sender=sender)
    return [read(row) for row in rows]


async def say(
    session: AsyncSession, id: str, *, sender: str, replies: Sequence[Reply], actor: Actor | None = None
) -> list[Message]:
    """Say something without having been asked: stored, announced, and pushed on doors that must push.

    `sender`: bot or agent; `actor`: the agent. The notice that goes out holds the message's id, type and text.
    """
    conversation = await get(session, id)
    said = await store(session, id, sender=sender, replies=replies, actor=actor)
    if conversation.channel in PUSHED:
        for message in said:
            await outbox.post(
                session,
                channel=conversation.channel,
                recipient={"conversation": id},
                kind="message",
                content={"message": message.id, "type": message.reply_type},
                idempotency_key=f"message:{message.id}",
                at_most_once="questions" in message.data,  # asked twice, a citizen answers twice
            )
    return said


async def receive(session: AsyncSession, id: str, *, text: str, key: str | None, data: dict[str, Any]) -> StoredMessage:
    """Write what the citizen says and announce it."""
    row = StoredMessage(
        conversation_id=id,
        sender="citizen",
        text=text,
        data=json.dumps(data, ensure_ascii=False, default=str),
        key=key,
        at=clock.now(),
    )
    session.add(row)
    await session.flush()
    await live.announce(session, f"conversation:{id}", "message", ids=[row.id], sender="citizen")
    return row


async def answered(session: AsyncSession, id: str, key: str) -> list[Reply] | None:
    """Return the replies that the message with this key got, or None when it is new."""
    incoming = await session.scalar(
        select(StoredMessage.id).where(StoredMessage.conversation_id == id, StoredMessage.key == key)
    )
    if incoming is None:
        return None
    rows = await session.scalars(
        select(StoredMessage).where(StoredMessage.answers == incoming).order_by(StoredMessage.id)
    )
    return [Reply(ReplyType(each.reply_type or "text"), each.text, each.data) for each in map(read, rows)]


async def said_last(session: AsyncSession, id: str) -> list[Reply]:
    """Return what the bot said to the citizen's last turn that it answered, without what led to it."""
    mine = (StoredMessage.conversation_id == id) & (StoredMessage.sender == "bot")
    answered = select(StoredMessage.answers).where(mine, StoredMessage.answers.is_not(None))
    last = answered.order_by(StoredMessage.id.desc()).limit(1).scalar_subquery()
    rows = await session.scalars(
        select(StoredMessage).where(mine, StoredMessage.answers == last).order_by(StoredMessage.id)
    )
    return [Reply(ReplyType(each.reply_type or "text"), each.text, each.data) for each in map(read, rows)]


def read(row: StoredMessage) -> Message:
    """Return a stored message as it is read."""
    data = json.loads(row.data)
    why = data.pop("why", {})
    return Message(
        id=row.id, sender=row.sender, text=row.text, reply_type=row.reply_type, data=data, at=row.at, why=why
    )


def _peer_index(channel: str, peer: str) -> bytes:
    return blind_index(f"{channel}:{peer}")


def _end_of_token() -> datetime:
    return clock.now() + timedelta(days=settings().conversation_days)

"""Conversations: who may open them again, what they hold, what goes out."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from core import clock
from core.errors import NotFound, NotSignedIn
from core.outbox import Notice
from core.settings import settings


async def test_the_token_opens_the_conversation(session: AsyncSession) -> None:
    conversation, token = await conversations.open(session, channel="web")
    assert (await conversations.authorise(session, conversation.id, token)).id == conversation.id


async def test_unknown_wrong_and_ended_are_refused_alike(session: AsyncSession) -> None:
    conversation, token = await conversations.open(session, channel="web")
    _, other = await conversations.open(session, channel="web")
    refusals = []
    for id, given in ((conversation.id, other), (conversation.id, ""), ("unknown", token)):
        with pytest.raises(NotSignedIn) as refused:
            await conversations.authorise(session, id, given)
        refusals.append(refused.value.sentence)
    with clock.set_to(clock.now() + timedelta(days=settings().conversation_days, seconds=1)):
        with pytest.raises(NotSignedIn) as refused:
            await conversations.authorise(session, conversation.id, token)
        refusals.append(refused.value.sentence)
    assert len(set(refusals)) == 1


async def test_use_lengthens_the_token(session: AsyncSession) -> None:
    conversation, token = await conversations.open(session, channel="web")
    days = settings().conversation_days
    for day in (days - 1, 2 * days - 2):
        with clock.set_to(conversation.created_at + timedelta(days=day)):
            await conversations.authorise(session, conversation.id, token)


async def test_only_a_digest_of_the_token_is_kept(session: AsyncSession) -> None:
    _, token = await conversations.open(session, channel="web")
    row = (await session.execute(text("select * from conversations"))).one()
    assert token.encode() not in b"".join(bytes(value) for value in row if isinstance(value, bytes | memoryview))


async def test_a_peer_has_one_conversation_a_door(session: AsyncSession) -> None:
    first = await conversations.by_peer(session, channel="wechat", peer="openid-1")
    assert (await conversations.by_peer(session, channel="wechat", peer="openid-1")).id == first.id
    assert (await conversations.by_peer(session, channel="wechat", peer="openid-2")).id != first.id
    assert (await conversations.by_peer(session, channel="voice", peer="openid-1")).id != first.id
    assert first.peer == "openid-1"


async def test_nothing_personal_lies_open_in_the_tables(session: AsyncSession) -> None:
    conversation = await conversations.by_peer(session, channel="voice", peer="13800138000")
    await conversations.receive(session, conversation.id, text="我叫王强，13800138000", key=None, data={})
    conversation.state = '{"form": {"phone": "13800138000"}}'
    await session.flush()
    for table in ("conversations", "messages"):
        for row in await session.execute(text(f"select * from {table}")):
            held = b"".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row)
            assert b"13800138000" not in held and "王强".encode() not in held


async def test_messages_come_in_order_after_the_one_that_is_known(session: AsyncSession) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    replies = [Reply(ReplyType.TEXT, "一", {"why": {"rule": "x"}}), Reply(ReplyType.TEXT, "二")]
    first, second = await conversations.store(session, conversation.id, sender="bot", replies=replies)
    assert [message.text for message in await conversations.messages(session, conversation.id)] == ["一", "二"]
    assert [message.id for message in await conversations.messages(session, conversation.id, after=first.id)] == [
        second.id
    ]
    assert first.why == {"rule": "x"} and "why" not in first.as_json()


@pytest.mark.parametrize(("channel", "pushed"), [("web", 0), ("wechat", 1), ("voice", 1)])
async def test_what_is_said_unasked_is_pushed_where_the_door_must_push(
    session: AsyncSession, channel: str, pushed: int
) -> None:
    conversation = await conversations.by_peer(session, channel=channel, peer="p")
    said = await conversations.say(
        session, conversation.id, sender="bot", replies=[Reply(ReplyType.TEXT, "13800138000")]
    )
    notices = (await session.scalars(select(Notice))).all()
    assert len(notices) == pushed
    for notice in notices:
        assert notice.channel == channel and notice.recipient == {"conversation": conversation.id}
        assert notice.content["message"] == said[0].id
        assert "13800138000" not in str(notice.content)


async def test_an_unknown_conversation_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await conversations.say(session, "unknown", sender="bot", replies=[])

"""A turn: answered once, one at a time, kept whatever happens, and gone on with by another process."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, converse, turns
from bot.contract import Outcome, Turn
from core import clock, database
from core.errors import NotFound


def turn(id: str, text: str, key: str | None = None) -> Turn:
    return Turn(id, "web", text, clock.now(), key=key)


async def test_the_same_key_gets_the_stored_replies(session: AsyncSession) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    first = await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了", "k"))
    again = await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了", "k"))
    assert [reply.as_json() for reply in again] == [reply.as_json() for reply in first]
    said = await conversations.messages(session, conversation.id)
    assert len([message for message in said if message.sender == "citizen"]) == 1


async def test_a_key_counts_in_its_own_conversation(session: AsyncSession) -> None:
    one, _ = await conversations.open(session, channel="web")
    other, _ = await conversations.open(session, channel="web")
    assert await converse(session, turn(one.id, "你好", "k"))
    assert await converse(session, turn(other.id, "你好", "k"))
    assert len(await conversations.messages(session, other.id)) == 2


async def test_staff_see_why_and_citizens_do_not(session: AsyncSession) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    replies = await converse(session, turn(conversation.id, "你好"))
    assert all("why" not in reply.data for reply in replies)
    said = await conversations.messages(session, conversation.id)
    assert all(message.why["message"] for message in said if message.sender == "bot")


async def test_two_turns_at_once_are_answered_one_after_the_other(committing: None) -> None:
    async with database.transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")

    async def say(key: str) -> list[str]:
        async with database.transaction() as own:
            return [reply.text for reply in await converse(own, turn(conversation.id, "南山路18号路灯坏了三天了", key))]

    both = await asyncio.gather(say("1"), say("2"))
    assert sum("已经记下了" in " ".join(texts) for texts in both) == 1
    async with database.transaction() as session:
        said = await conversations.messages(session, conversation.id)
    senders = [message.sender for message in said]
    assert senders.count("citizen") == 2
    assert senders[0] == "citizen" and senders[-1] == "bot"
    assert "citizen" in senders[2:], "the second message waits until the first is answered"


async def test_the_same_key_at_once_is_answered_once(committing: None) -> None:
    async with database.transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")

    async def say() -> list[dict[str, Any]]:
        async with database.transaction() as own:
            return [reply.as_json() for reply in await converse(own, turn(conversation.id, "你好", "same"))]

    first, second = await asyncio.gather(say(), say())
    assert first == second
    async with database.transaction() as session:
        assert len(await conversations.messages(session, conversation.id)) == 2


async def test_another_process_goes_on_where_this_one_stopped(
    committing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")
        await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了"))
    await database.dispose()
    monkeypatch.setitem(turns.ENGINES, "builtin", turns.BuiltIn())
    async with database.transaction() as session:
        replies = await converse(session, turn(conversation.id, "我姓王，13800138000"))
    assert [str(reply.type) for reply in replies] == ["ticket", "text"]


class Broken:
    name = "broken"

    async def handle(self, session: AsyncSession, turn: Turn, state: dict[str, Any]) -> Outcome:
        await conversations.open(session, channel="web")
        state["spoilt"] = True
        raise RuntimeError("no engine")


async def test_when_the_engine_fails_what_was_said_is_kept(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了"))
    monkeypatch.setitem(turns.ENGINES, "builtin", Broken())
    replies = await converse(session, turn(conversation.id, "13800138000"))
    assert len(replies) == 1 and "记下" in replies[0].text
    monkeypatch.undo()
    replies = await converse(session, turn(conversation.id, "13800138000"))
    assert [str(reply.type) for reply in replies] == ["ticket", "text"]


async def test_the_time_is_told_in_the_citys_zone(session: AsyncSession) -> None:
    with clock.set_to(datetime(2026, 11, 20, 9, 0, tzinfo=UTC)):  # Friday 17:00 in the city
        conversation, _ = await conversations.open(session, channel="web")
        await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了，我姓王13800138000"))
        replies = await converse(session, turn(conversation.id, "确认"))
    assert "11月27日17:30前办结" in replies[0].text


async def test_who_asks_for_a_ticket_that_is_late_hears_that_it_is(session: AsyncSession) -> None:
    with clock.set_to(datetime(2026, 11, 20, 9, 0, tzinfo=UTC)):
        conversation, _ = await conversations.open(session, channel="web")
        await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了，我姓王13800138000"))
        await converse(session, turn(conversation.id, "确认"))
    with clock.set_to(datetime(2026, 12, 20, 9, 0, tzinfo=UTC)):
        for said in ("查进度", "你们到底管不管！！！", "都几天了还没人来"):
            replies = await converse(session, turn(conversation.id, said))
            assert "本该在11月27日17:30前办结，已经超时" in "".join(reply.text for reply in replies), said


async def test_an_unknown_conversation_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await converse(session, turn("unknown", "你好"))


@pytest.mark.parametrize(
    "text", ["\ud800", "\x00", "路灯\x00坏了\udfff", "\u202e\u200b", "a\u0301" * 5000, "{0}{name}%s%(x)s"]
)
async def test_odd_characters_are_answered_and_kept(session: AsyncSession, text: str) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    assert await converse(session, turn(conversation.id, text))
    assert "failed" not in str([message.why for message in await conversations.messages(session, conversation.id)])


@pytest.mark.parametrize(
    "text",
    [
        "是的" * 5000,
        "是的" * 4999 + "x",
        "，" * 9980 + "我姓王13800138000",
        "不是" * 5000,
        "我叫王" * 3000,
        "9" * 10_000,
        "a " * 5000,
    ],
)
async def test_long_and_monotonous_is_answered_at_once(session: AsyncSession, text: str) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    await converse(session, turn(conversation.id, "南山路18号路灯坏了三天了"))
    began = time.perf_counter()
    assert await converse(session, turn(conversation.id, text))
    assert time.perf_counter() - began < 10

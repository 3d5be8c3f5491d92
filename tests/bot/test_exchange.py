"""The end of a turn: both sides in their order, announced once each, by one statement."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, converse, exchange
from bot.contract import Outcome, Reply, ReplyType, Turn
from core import clock, database, live

MOST_STATEMENTS = 5  # of a turn that needs no lookup: lock, handover, savepoint, release, the end


@contextmanager
def counted(session: AsyncSession) -> Iterator[list[str]]:
    """Give the list of statements that the session's connection runs."""
    statements: list[str] = []
    bind: Any = session.bind
    target = getattr(bind, "sync_engine", None) or bind.sync_connection

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        statements.append(statement)

    event.listen(target, "before_cursor_execute", note)
    yield statements
    event.remove(target, "before_cursor_execute", note)


async def test_what_is_said_stands_in_the_order_in_which_it_was_said(session: AsyncSession) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    replies = tuple(Reply(ReplyType.TEXT, f"第{number}句", {"number": number}) for number in range(20))
    turn = Turn(conversation.id, "web", "您好", clock.now(), key="k", media=({"kind": "image", "id": "p"},))
    before = clock.now()
    await exchange.write(session, conversation, turn, Outcome(replies, {"locale": "en", "a": 1}), heard_at=before)
    said = await conversations.messages(session, conversation.id)
    assert [each.text for each in said] == ["您好", *(reply.text for reply in replies)]
    assert [each.sender for each in said] == ["citizen", *["bot"] * 20]
    assert (said[0].data, said[0].at) == ({"media": [{"kind": "image", "id": "p"}]}, before)
    assert [each.data for each in said[1:]] == [{"number": number} for number in range(20)]
    assert await conversations.answered(session, conversation.id, "k") == list(replies)
    kept = await conversations.get(session, conversation.id)
    assert (kept.locale, json.loads(kept.state or "")) == ("en", {"locale": "en", "a": 1})


async def test_a_turn_without_replies_is_announced_as_the_citizens(committing: None) -> None:
    async with await psycopg.AsyncConnection.connect(database.url(), autocommit=True) as hearing:
        await hearing.execute(f"listen {live.CHANNEL}")
        async with database.transaction() as session:
            conversation, _ = await conversations.open(session, channel="web")
            turn = Turn(conversation.id, "web", "您好", clock.now())
            await exchange.write(session, conversation, turn, Outcome((), {}), heard_at=clock.now())
            reply = Reply(ReplyType.TEXT, "请讲")
            await exchange.write(session, conversation, turn, Outcome((reply,), {}), heard_at=clock.now())
        heard = []
        async with asyncio.timeout(10):
            async for notification in hearing.notifies(stop_after=3):
                heard.append(json.loads(notification.payload))
        said = await _said(conversation.id)
    assert [each["sender"] for each in heard] == ["citizen", "citizen", "bot"]
    assert [id for each in heard for id in each["ids"]] == said
    assert {each["topic"] for each in heard} == {f"conversation:{conversation.id}"}


async def _said(id: str) -> list[int]:
    async with database.transaction() as session:
        return [each.id for each in await conversations.messages(session, id)]


async def test_small_talk_takes_few_round_trips(session: AsyncSession) -> None:
    conversation, _ = await conversations.open(session, channel="web")
    with counted(session) as statements:
        await converse(session, Turn(conversation.id, "web", "你好", clock.now()))
    assert len(statements) <= MOST_STATEMENTS, statements

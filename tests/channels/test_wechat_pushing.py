"""What WeChat hears after its request was answered: slow answers, long ones, an agent's words, notices."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import httpx
import loopback
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, handover
from channels import wechat
from channels.wechat import answers, api
from core import auth, clock, credentials, database, jobs, outbox
from core.auth import Role
from tests.channels.wechat_door import (
    APP_ID,
    OPENID,
    SEND,
    client,
    configured,
    document,
    pushed,
    said_by_citizen,
    send,
    thread,
    wechat_api,
)

__all__ = ["client", "configured", "wechat_api"]

Held = Callable[[], AbstractAsyncContextManager[AsyncSession]]

pytestmark = pytest.mark.usefixtures("committing")


@pytest.fixture
def answered_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Give what holds the citizen's conversation as another turn does that is being answered: nothing comes in time."""
    monkeypatch.setattr(answers, "PASSIVE_SECONDS", 0.1)

    @asynccontextmanager
    async def held() -> AsyncIterator[AsyncSession]:
        conversation, _ = await thread()
        async with database.transaction() as busy:
            await conversations.get(busy, conversation.id, lock=True)
            yield busy

    return held


async def test_a_slow_answer_is_pushed_and_said_once(
    client: httpx.AsyncClient, wechat_api: loopback.Server, answered_elsewhere: Held
) -> None:
    xml = document(Content="人民路的路灯坏了")
    async with answered_elsewhere():
        assert await send(client, xml) == "success"
        assert await send(client, xml) == "success"  # WeChat asks again
        assert pushed(wechat_api) == []
    await jobs.run_due()
    _, said = await thread()
    assert await said_by_citizen() == ["人民路的路灯坏了"]
    assert [each["touser"] for each in pushed(wechat_api)] == [OPENID]
    assert said[1].text in pushed(wechat_api)[0]["text"]["content"]


async def test_a_slow_answer_survives_the_process_that_began_it(
    client: httpx.AsyncClient, wechat_api: loopback.Server, answered_elsewhere: Held
) -> None:
    async with answered_elsewhere():
        assert await send(client, document(Content="人民路的路灯坏了")) == "success"
        begun = list(answers._running)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
    assert await said_by_citizen() == []
    await jobs.run_due()
    assert await said_by_citizen() == ["人民路的路灯坏了"]
    assert len(pushed(wechat_api)) == 1


async def test_a_job_holds_nothing_of_the_citizen_in_clear(
    client: httpx.AsyncClient, wechat_api: loopback.Server, answered_elsewhere: Held
) -> None:
    async with answered_elsewhere() as busy:
        await send(client, document(Content="我的电话是13800138000"))
        kept = await busy.scalar(text("select args::text from procrastinate_jobs where task_name like '%answer_later'"))
    assert kept
    assert "13800138000" not in kept
    assert OPENID not in kept


async def test_what_does_not_fit_into_one_message_follows(
    client: httpx.AsyncClient, wechat_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LONGEST_BYTES", 30)
    xml = document(Content="我要反映人民路的路灯坏了")
    first = await send(client, xml)
    assert await send(client, xml) == first
    await jobs.run_due()
    rest = [each["text"]["content"] for each in pushed(wechat_api)]
    _, said = await thread()
    replies = [message for message in said if message.sender == "bot"]
    assert rest
    assert all(len(part.encode()) <= 30 for part in [first, *rest])
    whole = "".join(first.split()) + "".join("".join(part.split()) for part in rest)
    assert all("".join(reply.text.split()) in whole for reply in replies)


async def agent_holding(conversation: str) -> auth.Actor:
    async with database.transaction() as session:
        staff = await auth.create_staff(
            session, login="agent", name="小王", password_hash=credentials.hash_password("long enough"), role=Role.AGENT
        )
        await auth.sign_in(session, login="agent", password="long enough")
        await handover.request(session, conversation, "asked")
        await handover.take(session, conversation, actor=staff.actor())
        return staff.actor()


async def test_while_an_agent_has_the_conversation_nothing_is_answered_in_place(
    client: httpx.AsyncClient, wechat_api: loopback.Server
) -> None:
    conversation, _ = await thread()
    agent = await agent_holding(conversation.id)
    assert await send(client, document(Content="在吗")) == "success"
    async with database.transaction() as session:
        await handover.say(session, conversation.id, actor=agent, text="您好，我是小王。")
    await jobs.run_due()
    assert pushed(wechat_api)[-1] == {
        "touser": OPENID,
        "msgtype": "text",
        "text": {"content": "您好，我是小王。"},
    }
    assert "您好，我是小王。".encode() in wechat_api.of(SEND)[-1].body  # as UTF-8: WeChat shows escapes as they are


async def test_a_ticket_notice_reaches_the_citizen_and_stays_in_the_conversation(wechat_api: loopback.Server) -> None:
    conversation, _ = await thread()
    async with database.transaction() as session:
        await outbox.post(
            session,
            channel="wechat",
            recipient={"conversation": conversation.id},
            kind="ticket.replied",
            content={"text": "您的工单已办理。", "number": "20261122-000001"},
            idempotency_key="notice-1",
        )
    await jobs.run_due()
    assert [each["text"]["content"] for each in pushed(wechat_api)] == ["您的工单已办理。"]
    _, said = await thread()
    assert [(message.sender, message.text) for message in said] == [("bot", "您的工单已办理。")]
    await jobs.run_due()
    assert len(pushed(wechat_api)) == 1


async def test_an_access_token_serves_until_it_ends(wechat_api: loopback.Server) -> None:
    door = wechat.account.account()
    for _ in range(2):
        await api.send_text(door, openid=OPENID, text="好")
    assert len(wechat_api.of("/cgi-bin/stable_token")) == 1
    asked = wechat_api.of("/cgi-bin/stable_token")[0].json()
    assert asked == {"grant_type": "client_credential", "appid": APP_ID, "secret": "app-secret"}
    with clock.set_to(clock.now() + timedelta(hours=2)):
        await api.send_text(door, openid=OPENID, text="好")
    assert len(wechat_api.of("/cgi-bin/stable_token")) == 2
    assert [request.query["access_token"] for request in wechat_api.of(SEND)] == [["T1"]] * 3

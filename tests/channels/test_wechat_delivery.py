from collections.abc import Iterator
from contextlib import suppress

import loopback
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from channels import wechat
from channels.wechat import answers, api
from core import ledger
from core.errors import Unavailable
from core.outbox import Notice
from core.settings import settings

SEND, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"


@pytest.fixture
def wechat_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[loopback.Server]:
    with loopback.serving() as server:
        server.answers[TOKEN] = [(200, {"access_token": name, "expires_in": 7200}) for name in ("T1", "T2", "T3")]
        server.answers[SEND] = [(200, {"errcode": 0})]
        for name, value in {
            "TOKEN": "token",
            "APP_ID": "wx1234567890abcdef",
            "APP_SECRET": "secret",
            "API": server.url,
        }.items():
            monkeypatch.setenv(f"YITONG_WECHAT_{name}", value)
        settings.cache_clear()
        api.forget_token()
        yield server
    monkeypatch.undo()
    settings.cache_clear()
    api.forget_token()


@pytest.fixture
async def notice(session: AsyncSession) -> Notice:
    """A sentence on its way to a citizen."""
    conversation = await conversations.by_peer(session, channel="wechat", peer="oCitizen1")
    await conversations.say(session, conversation.id, sender="bot", replies=[Reply(ReplyType.TEXT, "您的事有进展了。")])
    return (await session.scalars(select(Notice))).one()


async def events(session: AsyncSession, notice: Notice) -> list[tuple[str, object]]:
    history = await ledger.history(session, f"conversation:{notice.recipient['conversation']}")
    return [(event.kind, event.data.get("reason")) for event in history]


async def test_a_notice_is_sent(session: AsyncSession, notice: Notice, wechat_api: loopback.Server) -> None:
    await wechat.deliver(session, notice)
    assert [request.json()["text"]["content"] for request in wechat_api.of(SEND)] == ["您的事有进展了。"]
    assert await events(session, notice) == []


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_an_ended_token_is_renewed_once(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server, errcode: int
) -> None:
    wechat_api.answers[SEND] = [(200, {"errcode": errcode}), (200, {"errcode": 0})]
    await wechat.deliver(session, notice)
    assert [request.query["access_token"] for request in wechat_api.of(SEND)] == [["T1"], ["T2"]]


async def test_a_token_that_is_never_right_is_tried_later(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server
) -> None:
    wechat_api.answers[SEND] = [(200, {"errcode": 40001})]
    with pytest.raises(Unavailable):
        await wechat.deliver(session, notice)
    assert len(wechat_api.of(SEND)) == 2


@pytest.mark.parametrize("errcode", [45015, 45047, 43004])
async def test_what_wechat_never_takes_is_recorded_and_not_tried_again(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server, errcode: int
) -> None:
    wechat_api.answers[SEND] = [(200, {"errcode": errcode})]
    await wechat.deliver(session, notice)
    assert await events(session, notice) == [("notice.undelivered", str(errcode))]


@pytest.mark.parametrize("answer", [(200, {"errcode": -1}), (200, {"errcode": 45009}), (502, {}), (200, ["odd"])])
async def test_what_passes_is_tried_again(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server, answer: tuple[int, object]
) -> None:
    wechat_api.answers[SEND] = [answer]
    with pytest.raises(Unavailable):
        await wechat.deliver(session, notice)
    assert await events(session, notice) == []


async def test_a_refused_secret_is_tried_again(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server
) -> None:
    wechat_api.answers[TOKEN] = [(200, {"errcode": 40125, "errmsg": "invalid appsecret"})]
    with pytest.raises(Unavailable, match="40125"):
        await wechat.deliver(session, notice)


async def test_no_connection_is_tried_again_and_names_no_token(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wechat.deliver(session, notice)
    monkeypatch.setenv("YITONG_WECHAT_API", "http://127.0.0.1:1")
    settings.cache_clear()
    with pytest.raises(Unavailable) as raised:
        await wechat.deliver(session, notice)
    assert raised.value.__suppress_context__
    assert "T1" not in str(raised.value)


async def test_without_a_secret_the_notice_waits_in_the_conversation(session: AsyncSession, notice: Notice) -> None:
    await wechat.deliver(session, notice)
    assert await events(session, notice) == [("notice.undelivered", "not_configured")]
    said = await conversations.messages(session, notice.recipient["conversation"])
    assert [message.text for message in said] == ["您的事有进展了。"]


async def test_a_part_that_failed_is_sent_again_and_those_before_it_are_not(
    session: AsyncSession, notice: Notice, wechat_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LONGEST_BYTES", 12)
    sent = {"errcode": 0}
    wechat_api.answers[SEND] = [(200, sent), (502, {}), (200, sent)]
    delivered: set[int] = set()
    for _ in range(5):  # as the worker does
        for each in await session.scalars(select(Notice).order_by(Notice.id)):
            if each.id not in delivered:
                with suppress(Unavailable):
                    await wechat.deliver(session, each)
                    delivered.add(each.id)
    texts = [request.json()["text"]["content"] for request in wechat_api.of(SEND)]
    assert len(texts) == 3
    assert texts[1] == texts[2]
    assert "".join(texts[:1] + texts[2:]) == "您的事有进展了。"

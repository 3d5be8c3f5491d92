import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import loopback
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.contract import Reply, ReplyType
from channels import voice
from channels.voice import delivery
from core import ledger, outbox
from core.errors import Unavailable
from core.outbox import Notice
from core.settings import settings

MESSAGES = "/2010-04-01/Accounts/AC0/Messages.json"
TEXT = "您的工单20261122-000001已办理。"


@pytest.fixture
def twilio_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[loopback.Server]:
    with loopback.serving() as server:
        server.answers[MESSAGES] = [(201, {"sid": "SM1", "status": "queued"})]
        for name, value in {
            "ACCOUNT_SID": "AC0",
            "AUTH_TOKEN": "twilio-auth-token",
            "SMS_NUMBER": "+15005550006",
            "API": server.url,
        }.items():
            monkeypatch.setenv(f"YITONG_TWILIO_{name}", value)
        settings.cache_clear()
        yield server
    monkeypatch.undo()
    settings.cache_clear()


async def notice_for(session: AsyncSession, peer: str) -> Notice:
    conversation = await conversations.by_peer(session, channel="voice", peer=peer)
    await conversations.say(session, conversation.id, sender="bot", replies=[Reply(ReplyType.TEXT, TEXT)])
    return (await session.scalars(select(Notice))).one()


@pytest.fixture
async def notice(session: AsyncSession) -> AsyncIterator[Notice]:
    """A sentence on its way to somebody who telephoned."""
    yield await notice_for(session, "13800138000")


async def recorded(session: AsyncSession, notice: Notice) -> list[object]:
    history = await ledger.history(session, f"conversation:{notice.recipient['conversation']}")
    return [event.data["reason"] for event in history if event.kind == "notice.undelivered"]


async def test_a_notice_is_sent_as_a_text_message(
    session: AsyncSession, notice: Notice, twilio_api: loopback.Server
) -> None:
    await voice.deliver(session, notice)
    (request,) = twilio_api.requests
    assert request.path == MESSAGES
    assert request.form() == {"To": "+8613800138000", "From": "+15005550006", "Body": TEXT}
    credentials = base64.b64encode(b"AC0:twilio-auth-token").decode()
    assert request.headers["Authorization"] == f"Basic {credentials}"
    assert await recorded(session, notice) == []


async def test_a_ticket_notice_is_first_said_in_the_conversation(
    session: AsyncSession, twilio_api: loopback.Server
) -> None:
    conversation = await conversations.by_peer(session, channel="voice", peer="13800138000")
    await outbox.post(
        session,
        channel="voice",
        recipient={"conversation": conversation.id},
        kind="ticket.replied",
        content={"text": TEXT, "number": "20261122-000001"},
        idempotency_key="notice-1",
    )
    first = (await session.scalars(select(Notice))).one()
    await voice.deliver(session, first)
    assert twilio_api.requests == []
    follows = (await session.scalars(select(Notice).where(Notice.id != first.id))).one()
    await voice.deliver(session, follows)
    assert [request.form()["Body"] for request in twilio_api.requests] == [TEXT]


@pytest.mark.parametrize("code", [21211, 21610, 21614])
async def test_what_twilio_never_takes_is_recorded_and_not_tried_again(
    session: AsyncSession, notice: Notice, twilio_api: loopback.Server, code: int
) -> None:
    twilio_api.answers[MESSAGES] = [(400, {"code": code, "message": "no", "status": 400})]
    await voice.deliver(session, notice)
    assert await recorded(session, notice) == [str(code)]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_what_passes_is_tried_again(
    session: AsyncSession, notice: Notice, twilio_api: loopback.Server, status: int
) -> None:
    twilio_api.answers[MESSAGES] = [(status, {"code": 20000, "message": "later", "status": status})]
    with pytest.raises(Unavailable):
        await voice.deliver(session, notice)
    assert await recorded(session, notice) == []


async def test_no_connection_is_tried_again(
    session: AsyncSession, notice: Notice, twilio_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YITONG_TWILIO_API", "http://127.0.0.1:1")
    settings.cache_clear()
    with pytest.raises(Unavailable):
        await voice.deliver(session, notice)


@pytest.mark.parametrize("missing", ["SMS_NUMBER", "AUTH_TOKEN", "ACCOUNT_SID"])
async def test_where_no_text_messages_are_set_up_the_notice_waits_in_the_conversation(
    session: AsyncSession,
    notice: Notice,
    twilio_api: loopback.Server,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
) -> None:
    monkeypatch.delenv(f"YITONG_TWILIO_{missing}")
    settings.cache_clear()
    await voice.deliver(session, notice)
    assert twilio_api.requests == []
    assert await recorded(session, notice) == ["not_configured"]
    said = await conversations.messages(session, notice.recipient["conversation"])
    assert [message.text for message in said] == [TEXT]


async def test_who_hid_their_number_gets_no_text_message(session: AsyncSession, twilio_api: loopback.Server) -> None:
    notice = await notice_for(session, "CA0123456789abcdef0123456789abcdef")
    await voice.deliver(session, notice)
    assert twilio_api.requests == []
    assert await recorded(session, notice) == ["no_number"]


async def test_a_part_that_failed_is_sent_again_and_those_before_it_are_not(
    session: AsyncSession, notice: Notice, twilio_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LONGEST_TEXT", 8)
    sent = (201, {"sid": "SM1", "status": "queued"})
    twilio_api.answers[MESSAGES] = [sent, (503, {"code": 20000, "message": "later", "status": 503}), sent]
    delivered: set[int] = set()
    for _ in range(6):  # as the worker does
        for each in await session.scalars(select(Notice).order_by(Notice.id)):
            if each.id not in delivered:
                with suppress(Unavailable):
                    await voice.deliver(session, each)
                    delivered.add(each.id)
    texts = [request.form()["Body"] for request in twilio_api.requests]
    assert texts[1] == texts[2]
    assert "".join(texts[:1] + texts[2:]) == TEXT

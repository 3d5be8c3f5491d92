import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import loopback
import pytest
from fastapi import FastAPI

from bot import conversations, handover
from bot.conversations import Message
from bot.tables import Conversation
from channels import attachments, images, wechat
from channels.wechat import answers, api, messages, photos
from channels.wechat.cipher import Cipher, signature
from core import auth, clock, database, jobs, outbox, problems
from core.auth import Role
from core.errors import NotFound, Unavailable
from core.settings import settings
from tests.channels.web.test_web_attachments import png

TOKEN, APP_ID = "yitong-token", "wx1234567890abcdef"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OPENID = "oCitizen1"
SEND = "/cgi-bin/message/custom/send"

pytestmark = pytest.mark.usefixtures("committing")

numbers = itertools.count(1)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The door open in plain mode, without a secret for sending."""
    monkeypatch.setenv("YITONG_WECHAT_TOKEN", TOKEN)
    monkeypatch.setenv("YITONG_WECHAT_APP_ID", APP_ID)
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()
    api.forget_token()


@pytest.fixture
def safe_mode(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("YITONG_WECHAT_ENCODING_AES_KEY", KEY)
    settings.cache_clear()


@pytest.fixture
def wechat_api(configured: pytest.MonkeyPatch) -> Iterator[loopback.Server]:
    """WeChat's interface, and the secret to use it."""
    with loopback.serving() as server:
        server.answers["/cgi-bin/stable_token"] = [(200, {"access_token": "T1", "expires_in": 7200})]
        server.answers[SEND] = [(200, {"errcode": 0, "errmsg": "ok"})]
        configured.setenv("YITONG_WECHAT_APP_SECRET", "app-secret")
        configured.setenv("YITONG_WECHAT_API", server.url)
        settings.cache_clear()
        outbox.connect("wechat", wechat.deliver)
        yield server


@pytest.fixture
async def client(committing: None) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(wechat.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line") as made:
        yield made
    await asyncio.gather(*answers._running, return_exceptions=True)  # turns that outlasted their request


def signed(*encrypted: str, **more: str) -> dict[str, str]:
    """What WeChat adds to the address; the signature covers the encrypted message, if there is one."""
    timestamp = str(int(clock.now().timestamp()))
    name = "msg_signature" if encrypted else "signature"
    return {name: signature(TOKEN, timestamp, "77", *encrypted), "timestamp": timestamp, "nonce": "77"} | more


def document(**values: str) -> str:
    given = {"ToUserName": "gh_line", "FromUserName": OPENID, "CreateTime": "1700000000", "MsgType": "text"} | values
    if given["MsgType"] != "event":
        given.setdefault("MsgId", str(next(numbers)))
    return "<xml>" + "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in given.items()) + "</xml>"


async def send(client: httpx.AsyncClient, xml: str) -> str:
    """Send a plain message; return the text answered, or WeChat's `success`."""
    response = await client.post("/channels/wechat", params=signed(), content=xml.encode())
    assert response.status_code == 200
    if response.text == "success":
        return "success"
    return messages.parse(response.content).findtext("Content") or ""


async def thread() -> tuple[Conversation, list[Message]]:
    async with database.transaction() as session:
        conversation = await conversations.by_peer(session, channel="wechat", peer=OPENID)
        return conversation, await conversations.messages(session, conversation.id)


async def said_by_citizen() -> list[str]:
    return [message.text for message in (await thread())[1] if message.sender == "citizen"]


def pushed(server: loopback.Server) -> list[Any]:
    return [request.json() for request in server.of(SEND)]


async def test_without_a_token_the_door_is_closed(client: httpx.AsyncClient) -> None:
    for response in (
        await client.get("/channels/wechat", params=signed(echostr="x")),
        await client.post("/channels/wechat", params=signed(), content=document(Content="你好").encode()),
    ):
        assert response.status_code == 404
        assert response.json()["detail"] == "微信入口没有开通。"


@pytest.mark.usefixtures("configured")
async def test_the_url_check_gives_the_echo_back(client: httpx.AsyncClient) -> None:
    response = await client.get("/channels/wechat", params=signed(echostr="5837"))
    assert (response.status_code, response.text) == (200, "5837")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("wrong", [{"signature": "0" * 40}, {"nonce": "78"}, {"timestamp": "1"}, {"signature": ""}])
async def test_a_wrong_signature_is_refused(client: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    assert (await client.get("/channels/wechat", params=signed(echostr="5837", **wrong))).status_code == 403
    xml = document(Content="路灯坏了").encode()
    assert (await client.post("/channels/wechat", params=signed(**wrong), content=xml)).status_code == 403
    assert await said_by_citizen() == []


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("minutes", [6, -6])
async def test_a_signature_of_another_time_is_refused(client: httpx.AsyncClient, minutes: int) -> None:
    kept = signed(echostr="5837")
    with clock.set_to(clock.now() + timedelta(minutes=minutes)):
        assert (await client.get("/channels/wechat", params=kept)).status_code == 403
        xml = document(Content="路灯坏了").encode()
        assert (await client.post("/channels/wechat", params=kept, content=xml)).status_code == 403
    assert await said_by_citizen() == []


@pytest.mark.usefixtures("safe_mode")
async def test_an_encrypted_message_of_another_time_is_refused(client: httpx.AsyncClient) -> None:
    query, body = encrypted(document(Content="路灯坏了"), cipher=Cipher(KEY, APP_ID))
    with clock.set_to(clock.now() + timedelta(minutes=6)):
        assert (await client.post("/channels/wechat", params=query, content=body)).status_code == 403
    assert (await client.post("/channels/wechat", params=query, content=body)).status_code == 200


@pytest.mark.usefixtures("configured")
async def test_a_message_is_answered_in_place(client: httpx.AsyncClient) -> None:
    response = await client.post("/channels/wechat", params=signed(), content=document(Content="路灯坏了").encode())
    root = messages.parse(response.content)
    assert (root.findtext("ToUserName"), root.findtext("FromUserName")) == (OPENID, "gh_line")
    _, said = await thread()
    assert [message.sender for message in said][:2] == ["citizen", "bot"]
    assert said[1].text in (root.findtext("Content") or "")


@pytest.mark.usefixtures("configured")
async def test_the_same_message_again_gets_the_same_answer_and_counts_once(client: httpx.AsyncClient) -> None:
    xml = document(Content="人民路的路灯坏了")
    first, again, *_ = [await send(client, xml) for _ in range(3)]
    assert first == again
    assert await said_by_citizen() == ["人民路的路灯坏了"]


@pytest.mark.usefixtures("configured")
async def test_the_same_message_three_times_at_once_counts_once(client: httpx.AsyncClient) -> None:
    xml = document(Content="人民路的路灯坏了")
    texts = await asyncio.gather(*(send(client, xml) for _ in range(3)))
    assert len(set(texts)) == 1
    assert await said_by_citizen() == ["人民路的路灯坏了"]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("body", "status"), [(b"", 422), (b"<html>", 422), (b"<xml>" + b" " * 70_000 + b"</xml>", 413)]
)
async def test_what_is_no_message_is_refused(client: httpx.AsyncClient, body: bytes, status: int) -> None:
    assert (await client.post("/channels/wechat", params=signed(), content=body)).status_code == status


@pytest.mark.usefixtures("configured")
async def test_a_follower_is_greeted(client: httpx.AsyncClient) -> None:
    greeting = await send(client, document(MsgType="event", Event="subscribe"))
    assert "示例市12345" in greeting


@pytest.mark.usefixtures("configured")
async def test_other_events_need_no_answer(client: httpx.AsyncClient) -> None:
    for event in ("unsubscribe", "SCAN", "LOCATION", "TEMPLATESENDJOBFINISH"):
        assert await send(client, document(MsgType="event", Event=event)) == "success"
    assert await said_by_citizen() == []


@pytest.mark.usefixtures("configured")
async def test_what_cannot_be_read_is_answered_kindly(client: httpx.AsyncClient) -> None:
    assert "没有听清" in await send(client, document(MsgType="voice", MediaId="m"))
    for kind in ("video", "shortvideo", "link", "file"):
        assert "请用文字" in await send(client, document(MsgType=kind, MediaId="m"))


@pytest.mark.usefixtures("configured")
async def test_a_voice_message_counts_as_what_was_recognised(client: httpx.AsyncClient) -> None:
    await send(client, document(MsgType="voice", MediaId="m", Recognition="路灯坏了"))
    assert await said_by_citizen() == ["路灯坏了"]


@pytest.mark.usefixtures("configured")
async def test_a_photo_is_kept_by_its_media_id(client: httpx.AsyncClient) -> None:
    assert await send(client, document(MsgType="image", MediaId="media-1", PicUrl="http://x")) != "success"
    _, said = await thread()
    assert said[0].data["media"] == [{"kind": "image", "id": "media-1", "door": "wechat"}]


MEDIA = "/cgi-bin/media/get"


async def test_a_photo_is_fetched_and_kept_without_its_metadata(
    client: httpx.AsyncClient, wechat_api: loopback.Server
) -> None:
    wechat_api.answers[MEDIA] = [(503, {}), (200, {"errcode": 42001}), (200, png())]
    xml = document(MsgType="image", MediaId="media-1")
    assert await send(client, xml) == await send(client, xml)  # WeChat asks again
    conversation, said = await thread()
    ((media,),) = [each.data["media"] for each in said if each.sender == "citizen"]
    assert media == {"kind": "image", "id": attachments.foretold(conversation.id, "media-1"), "door": "wechat"}
    for _ in range(2):
        with suppress(Unavailable):
            await photos.keep_photo("media-1", media["id"])
    assert attachments.open_file(media["id"]).path.read_bytes() == images.clean(png()).content
    await jobs.run_due()
    asked = wechat_api.of(MEDIA)
    assert len(asked) == 3  # what is kept is not fetched again
    assert {request.query["media_id"][0] for request in asked} == {"media-1"}


@pytest.mark.parametrize(
    "answer", [(200, {"errcode": 40007}), (200, b"GIF89a"), (200, b"\xff\xd8\xff" + bytes(11_000_000))]
)
async def test_a_photo_that_cannot_be_kept_is_not_asked_for_again(
    client: httpx.AsyncClient, wechat_api: loopback.Server, answer: tuple[int, Any]
) -> None:
    wechat_api.answers[MEDIA] = [answer]
    await send(client, document(MsgType="image", MediaId="media-2"))
    for _ in range(2):
        await jobs.run_due()
    conversation, _ = await thread()
    with pytest.raises(NotFound):
        attachments.open_file(attachments.foretold(conversation.id, "media-2"))
    assert len(wechat_api.of(MEDIA)) == 1


def encrypted(xml: str, *, cipher: Cipher) -> tuple[dict[str, str], bytes]:
    text = cipher.encrypt(xml)
    query = signed(text, encrypt_type="aes")
    return query, f"<xml><ToUserName>gh_line</ToUserName><Encrypt><![CDATA[{text}]]></Encrypt></xml>".encode()


@pytest.mark.usefixtures("safe_mode")
async def test_in_safe_mode_message_and_answer_are_encrypted(client: httpx.AsyncClient) -> None:
    query, body = encrypted(document(Content="路灯坏了"), cipher=Cipher(KEY, APP_ID))
    response = await client.post("/channels/wechat", params=query, content=body)
    assert response.status_code == 200
    root = messages.parse(response.content)
    parts = [root.findtext(name) or "" for name in ("TimeStamp", "Nonce", "Encrypt")]
    assert root.findtext("MsgSignature") == signature(TOKEN, *parts)
    reply = messages.parse(Cipher(KEY, APP_ID).decrypt(parts[-1]))
    assert reply.findtext("ToUserName") == OPENID
    assert reply.findtext("Content")
    assert await said_by_citizen() == ["路灯坏了"]


@pytest.mark.usefixtures("safe_mode")
async def test_safe_mode_takes_no_plain_message(client: httpx.AsyncClient) -> None:
    response = await client.post("/channels/wechat", params=signed(), content=document(Content="路灯").encode())
    assert response.status_code == 403
    assert await said_by_citizen() == []


@pytest.mark.usefixtures("safe_mode")
async def test_safe_mode_refuses_a_changed_or_foreign_message(client: httpx.AsyncClient) -> None:
    query, body = encrypted(document(Content="路灯"), cipher=Cipher(KEY, APP_ID))
    _, other = encrypted(document(Content="别的"), cipher=Cipher(KEY, APP_ID))
    foreign = encrypted(document(Content="路灯"), cipher=Cipher(KEY, "wxSomebodyElse0000"))
    for params, content in ((query, other), (query | {"msg_signature": ""}, body), foreign):
        assert (await client.post("/channels/wechat", params=params, content=content)).status_code == 403
    assert await said_by_citizen() == []


async def test_a_slow_answer_is_pushed_and_said_once(
    client: httpx.AsyncClient, wechat_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PASSIVE_SECONDS", 0.1)
    conversation, _ = await thread()
    xml = document(Content="人民路的路灯坏了")
    async with database.transaction() as busy:  # another turn of this conversation is being answered
        await conversations.get(busy, conversation.id, lock=True)
        assert await send(client, xml) == "success"
        assert await send(client, xml) == "success"  # WeChat asks again
        assert pushed(wechat_api) == []
    await jobs.run_due()
    _, said = await thread()
    assert await said_by_citizen() == ["人民路的路灯坏了"]
    assert [each["touser"] for each in pushed(wechat_api)] == [OPENID]
    assert said[1].text in pushed(wechat_api)[0]["text"]["content"]


async def test_a_slow_answer_survives_the_process_that_began_it(
    client: httpx.AsyncClient, wechat_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PASSIVE_SECONDS", 0.1)
    conversation, _ = await thread()
    async with database.transaction() as busy:
        await conversations.get(busy, conversation.id, lock=True)
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
    client: httpx.AsyncClient, wechat_api: loopback.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import text

    monkeypatch.setattr(answers, "PASSIVE_SECONDS", 0.1)
    conversation, _ = await thread()
    async with database.transaction() as busy:
        await conversations.get(busy, conversation.id, lock=True)
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
            session, login="agent", name="小王", password_hash=auth.hash_password("long enough"), role=Role.AGENT
        )
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

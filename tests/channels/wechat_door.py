"""WeChat's door alone, as the roof assembles it, and what WeChat sends to it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import loopback
import pytest

from bot import conversations
from bot.conversations import Message
from bot.tables import Conversation
from channels import wechat
from channels.wechat import answers, api, messages
from channels.wechat.cipher import signature
from core import clock, database, outbox
from core.settings import settings
from tests.channels.doors import client_of, settings_of

TOKEN, APP_ID = "yitong-token", "wx1234567890abcdef"

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

OPENID = "oCitizen1"

SEND = "/cgi-bin/message/custom/send"

numbers = itertools.count(1)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The door open in plain mode, without a secret for sending."""
    with settings_of(monkeypatch, WECHAT_TOKEN=TOKEN, WECHAT_APP_ID=APP_ID):
        yield monkeypatch
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
    async with client_of(wechat.router) as made:
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

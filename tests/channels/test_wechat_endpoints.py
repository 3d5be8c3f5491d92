import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import loopback
import pytest

from channels import attachments, images
from channels.wechat import messages, photos
from channels.wechat.cipher import Cipher, signature
from core import clock, jobs
from core.errors import NotFound, Unavailable
from tests.channels.web.test_web_attachments import png
from tests.channels.wechat_door import (
    APP_ID,
    KEY,
    OPENID,
    TOKEN,
    client,
    configured,
    document,
    safe_mode,
    said_by_citizen,
    send,
    signed,
    thread,
    wechat_api,
)

__all__ = ["client", "configured", "safe_mode", "wechat_api"]

pytestmark = pytest.mark.usefixtures("committing")


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
        assert "请发文字" in await send(client, document(MsgType=kind, MediaId="m"))


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

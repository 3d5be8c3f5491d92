"""The citizens' interface: conversations, messages, who may read and write them."""

import asyncio

import httpx
import pytest

from bot import conversations
from channels.web import rates
from core.database import transaction
from tests.channels.web.conftest import Held

SENTENCE = "人民路的路灯坏了三天了"


async def say(client: httpx.AsyncClient, held: Held, text: str, **headers: str) -> httpx.Response:
    return await client.post(held.path("messages"), json={"text": text}, headers=held.headers | headers)


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    return str(problem["detail"])


async def test_a_message_is_answered_and_kept(client: httpx.AsyncClient, held: Held) -> None:
    answer = await say(client, held, SENTENCE)

    assert answer.status_code == 200
    assert answer.json()["state"] == "bot"
    assert all(reply["type"] and reply["text"] for reply in answer.json()["replies"])
    kept = (await client.get(held.path("messages"), headers=held.headers)).json()["messages"]
    assert [(each["sender"], each["text"]) for each in kept] == [
        ("citizen", SENTENCE),
        *(("bot", reply["text"]) for reply in answer.json()["replies"]),
    ]


async def test_only_what_came_after_is_returned(client: httpx.AsyncClient, held: Held) -> None:
    await say(client, held, "你好")
    kept = (await client.get(held.path("messages"), headers=held.headers)).json()["messages"]

    later = await client.get(held.path("messages"), params={"after": kept[0]["id"]}, headers=held.headers)

    assert later.json()["messages"] == kept[1:]


async def test_the_same_key_is_answered_once(client: httpx.AsyncClient, held: Held) -> None:
    first = await say(client, held, SENTENCE, **{"Idempotency-Key": "one"})
    again = await say(client, held, SENTENCE, **{"Idempotency-Key": "one"})

    assert again.json()["replies"] == first.json()["replies"]
    kept = (await client.get(held.path("messages"), headers=held.headers)).json()["messages"]
    assert len([each for each in kept if each["sender"] == "citizen"]) == 1


async def test_whoever_looks_does_not_wait_for_whoever_answers(client: httpx.AsyncClient, held: Held) -> None:
    async with transaction() as busy, asyncio.timeout(10):
        await conversations.get(busy, held.id, lock=True)
        for path in ("messages", "attachments/none"):
            assert (await client.get(held.path(path), headers=held.headers)).status_code in {200, 404}


@pytest.mark.parametrize("token", ["Bearer wrong", "Bearer ", "Basic eA==", ""])
async def test_a_wrong_token_opens_nothing(client: httpx.AsyncClient, held: Held, token: str) -> None:
    headers = {"Authorization": token} if token else {}
    for answer in (
        await client.post(held.path("messages"), json={"text": "你好"}, headers=headers),
        await client.get(held.path("messages"), headers=headers),
        await client.get(held.path("events"), headers=headers),
        await client.post(held.path("attachments"), files={"file": b"x"}, headers=headers),
    ):
        refused(answer, 401)


async def test_a_foreign_conversation_and_none_read_the_same(
    client: httpx.AsyncClient, held: Held, another: Held
) -> None:
    foreign = await client.get(another.path("messages"), headers=held.headers)
    none = await client.get("/api/v1/conversations/0123456789abcdef/messages", headers=held.headers)

    assert refused(foreign, 401) == refused(none, 401)


async def test_a_message_needs_words_or_a_photo(client: httpx.AsyncClient, held: Held) -> None:
    for text in ("", "   ", "\n\t", "\0"):
        refused(await say(client, held, text), 422)


async def test_what_was_typed_is_not_echoed_in_a_refusal(client: httpx.AsyncClient, held: Held) -> None:
    answer = await client.post(held.path("messages"), json={"text": ["13800138000"]}, headers=held.headers)

    assert "13800138000" not in refused(answer, 422) + answer.text


@pytest.mark.parametrize(
    "text",
    [
        "路" * 10_000,
        "🏮🏮🏮",
        "人民路的路燈壞了",
        "１２３４５",
        "<script>alert(1)</script><b>路灯</b>",
        "'; drop table messages; --",
        "The street lamp on Renmin Road is broken",
        "那个就是我们家楼下那个路灯啊它不亮了都好几天了你们管不管啊",
        "路灯\0坏了",
        "\u202e路灯",
    ],
)
async def test_odd_texts_get_a_reply(client: httpx.AsyncClient, held: Held, text: str) -> None:
    answer = await say(client, held, text)

    assert answer.status_code == 200
    assert answer.json()["replies"]
    kept = (await client.get(held.path("messages"), headers=held.headers)).json()["messages"]
    assert kept[0]["text"].strip()


async def test_half_a_character_is_left_out(client: httpx.AsyncClient, held: Held) -> None:
    answer = await client.post(
        held.path("messages"),
        content=rb'{"text": "\ud83d\u8def\u706f"}',
        headers=held.headers | {"Content-Type": "application/json"},
    )

    assert answer.status_code == 200
    kept = (await client.get(held.path("messages"), headers=held.headers)).json()["messages"]
    assert kept[0]["text"] == "路灯"


async def test_a_body_that_is_no_text_is_refused(client: httpx.AsyncClient, held: Held) -> None:
    for content in (b'{"text": "\xff\xfe"}', b"{", b"[]", b"null", b""):
        headers = held.headers | {"Content-Type": "application/json"}
        refused(await client.post(held.path("messages"), content=content, headers=headers), 422)


async def test_a_body_beyond_64_kilobytes_is_refused(client: httpx.AsyncClient, held: Held) -> None:
    refused(await say(client, held, "x" * 70_000), 413)
    refused(await client.post("/api/v1/conversations", content=b"x" * 70_000), 413)


async def test_one_conversation_may_send_so_many_messages(
    client: httpx.AsyncClient, held: Held, setting: object
) -> None:
    setting("message_rate", "2/minute")  # type: ignore[operator]
    for _ in range(2):
        assert (await say(client, held, "你好")).status_code == 200
    refused(await say(client, held, "你好"), 429)


async def test_a_page_gets_its_token_in_a_cookie_that_no_script_reads(client: httpx.AsyncClient) -> None:
    opened = await client.post("/api/v1/conversations", json={"page": "chat"})

    cookie = opened.headers["set-cookie"].lower()
    assert opened.json()["token"].lower() in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/api/v1/conversations" in cookie
    path = f"/api/v1/conversations/{opened.json()['id']}/messages"
    assert (await client.get(path)).status_code == 200
    # A foreign page can make the browser send the cookie, but not the header.
    refused(await client.post(path, json={"text": "你好"}), 403)
    assert (await client.post(path, json={"text": "你好"}, headers={"X-Requested-With": "yitong"})).status_code == 200


async def test_a_widget_in_a_foreign_page_gets_a_partitioned_cookie(app: object, committing: None) -> None:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://line.test") as client:
        opened = await client.post("/api/v1/conversations", json={"page": "widget"})

    cookie = opened.headers["set-cookie"].lower()
    assert all(each in cookie for each in ("httponly", "secure", "samesite=none", "partitioned"))


async def test_a_program_gets_no_cookie(client: httpx.AsyncClient) -> None:
    assert "set-cookie" not in (await client.post("/api/v1/conversations", json={"locale": "en"})).headers


async def test_many_may_talk_behind_one_address(client: httpx.AsyncClient, setting: object) -> None:
    setting("message_rate", "1/minute")  # type: ignore[operator]
    opened = [(await client.post("/api/v1/conversations")).status_code for _ in range(rates.BEHIND_ONE_ADDRESS + 1)]
    assert opened == [201] * rates.BEHIND_ONE_ADDRESS + [429]

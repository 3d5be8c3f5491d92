"""An open page hears what is said without having asked: over a real connection, since a client that waits for the whole
answer never sees an endless one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from bot import conversations
from bot.contract import Reply, ReplyType
from channels import web
from core import live, outbox
from core.database import transaction
from tests.channels.web.conftest import Held

PATIENCE_SECONDS = 10


class Server(uvicorn.Server):
    ready: asyncio.Event

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    server = Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    server.ready = asyncio.Event()
    running = asyncio.create_task(server.serve())
    await server.ready.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def events(client: httpx.AsyncClient, url: str, **headers: str) -> AsyncIterator[tuple[str, Any]]:
    async with client.stream("GET", url, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data = line[5:].strip()
                yield name, json.loads(data) if name == "message" else data


async def agent_says(held: Held, text: str) -> None:
    async with transaction() as session:
        await conversations.say(session, held.id, sender="agent", replies=[Reply(ReplyType.TEXT, text)])


async def test_an_agents_sentence_arrives_by_itself(app: FastAPI, held: Held, hub: live.Hub) -> None:
    async with serving(app) as base, httpx.AsyncClient(base_url=base) as client, asyncio.timeout(PATIENCE_SECONDS):
        heard = events(client, held.path("events"), **held.headers)
        assert await anext(heard) == ("state", "bot")
        await agent_says(held, "我是坐席，请讲。")
        name, message = await anext(heard)
        await heard.aclose()

    assert name == "message"
    assert (message["sender"], message["text"]) == ("agent", "我是坐席，请讲。")


async def test_whoever_connects_again_hears_what_was_missed(app: FastAPI, held: Held, hub: live.Hub) -> None:
    await agent_says(held, "第一句")
    await agent_says(held, "第二句")
    async with transaction() as session:
        first, second = await conversations.messages(session, held.id)

    async with serving(app) as base, httpx.AsyncClient(base_url=base) as client, asyncio.timeout(PATIENCE_SECONDS):
        heard = events(client, held.path("events"), **held.headers, **{"Last-Event-ID": str(first.id)})
        _name, message = await anext(heard)
        await heard.aclose()

    assert message["id"] == second.id


async def test_one_conversation_has_five_streams_open_at_most(
    app: FastAPI, held: Held, another: Held, hub: live.Hub
) -> None:
    path = held.path("events")
    async with serving(app) as base, httpx.AsyncClient(base_url=base) as client, asyncio.timeout(PATIENCE_SECONDS):
        streams = [events(client, path, **held.headers) for _ in range(5)]
        for each in streams:
            await anext(each)
        assert (await client.get(path, headers=held.headers)).status_code == 429
        foreign = events(client, another.path("events"), **another.headers)
        assert await anext(foreign) == ("state", "bot")
        await streams.pop().aclose()
        status = 429
        while status == 429:  # until the line has noticed that one is closed
            async with client.stream("GET", path, headers=held.headers) as answer:
                status = answer.status_code
        assert status == 200
        for each in [*streams, foreign]:
            await each.aclose()


async def test_a_notice_is_said_once_and_heard(held: Held) -> None:
    outbox.connect("web", web.deliver)
    async with transaction() as session:
        notice = await outbox.post(
            session,
            channel="web",
            recipient={"conversation": held.id},
            kind="ticket.replied",
            content={"text": "您的工单已答复。", "number": "20261122-000001"},
            idempotency_key="x",
        )
    assert notice is not None
    for _ in range(2):
        await outbox.deliver(notice)

    async with transaction() as session:
        (said,) = await conversations.messages(session, held.id)
    assert (said.sender, said.text, said.data["number"]) == ("bot", "您的工单已答复。", "20261122-000001")

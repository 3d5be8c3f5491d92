"""Waiting for a person on the web: the place and the time, as they change, and a way out."""

import asyncio
import json

import httpx
from fastapi import FastAPI

from bot import handover, telling
from core import live
from core.database import transaction
from tests.bot.test_skills import asks
from tests.bot.test_waiting_places import waited
from tests.channels.web.conftest import Held
from tests.channels.web.test_web_events import PATIENCE_SECONDS, events, serving


async def wait_behind_one(held: Held) -> str:
    async with transaction() as session:
        first = await asks(session)
        await handover.request(session, held.id, "asked")
        await telling.now_told(session, held.id)
    return first


async def test_the_list_says_place_and_time(app: FastAPI, held: Held) -> None:
    async with transaction() as session:
        for _ in range(6):
            await waited(session, 60)
    await wait_behind_one(held)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.test") as client:
        found = (await client.get(held.path("messages"), headers=held.headers)).json()
    assert (found["state"], found["place"]) == ("waiting", {"position": 2, "minutes": 2, "over": False})


async def test_an_open_page_hears_that_it_moved_up(app: FastAPI, held: Held, hub: live.Hub) -> None:
    first = await wait_behind_one(held)
    async with serving(app) as base, httpx.AsyncClient(base_url=base) as client, asyncio.timeout(PATIENCE_SECONDS):
        heard = events(client, held.path("events"), **held.headers)
        assert await anext(heard) == ("state", "waiting")
        name, place = await anext(heard)
        assert (name, json.loads(place)["position"]) == ("place", 2)
        async with transaction() as session:
            await handover.cancel(session, first)
            await live.announce(session, f"conversation:{held.id}", "place")
        name, place = await anext(heard)
        await heard.aclose()
    assert (name, json.loads(place)["position"]) == ("place", 1)


async def test_who_has_enough_leaves_the_queue_and_is_told_so(app: FastAPI, held: Held) -> None:
    await wait_behind_one(held)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.test") as client:
        for _ in range(2):
            assert (await client.delete(held.path("wait"), headers=held.headers)).status_code == 204
        assert (await client.delete(held.path("wait"), headers={"Authorization": "Bearer no"})).status_code == 401
        found = (await client.get(held.path("messages"), headers=held.headers)).json()
    assert (found["state"], found["place"]) == ("bot", None)
    assert [message["text"] for message in found["messages"]] == ["好的，不转人工了。"]

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest
from sse_starlette import ServerSentEvent

from admin.staff import access, events
from core import auth, clock, live
from core.database import transaction
from core.settings import settings
from tests.admin.staffing import World

SOON = 10  # seconds within which an announcement must have come


@pytest.fixture
async def hub() -> AsyncIterator[None]:
    yield
    await live.hub.stop()


async def next_event(stream: AsyncIterator[ServerSentEvent]) -> tuple[str | None, dict[str, Any]]:
    event = await asyncio.wait_for(anext(stream), SOON)
    return event.event, json.loads(event.data) if event.data else {}


async def test_a_department_hears_of_its_tickets_and_not_of_others(world: World, hub: None) -> None:
    token = await world.sign_in("lamps")
    async with aclosing(events._stream(token, list(access.topics(world.actors["lamps"])))) as stream:
        await next_event(stream)  # listening
        await world.dispatched("power_supply")
        number = await world.dispatched("urban_management")
        name, data = await next_event(stream)
        while name == "resync":
            name, data = await next_event(stream)
    assert (name, data["number"], data["kind"]) == ("department", number, "ticket.dispatched")
    assert set(data) == {"topic", "kind", "number", "state"}


async def test_an_agent_hears_the_desk_and_the_open_conversation(world: World, hub: None) -> None:
    token = await world.sign_in("lin")
    id = await world.waiting()
    topics = [*access.topics(world.actors["lin"]), f"conversation:{id}"]
    async with aclosing(events._stream(token, topics)) as stream:
        await next_event(stream)
        async with world.client("he") as client:
            await client.post(f"/api/v1/staff/conversations/{id}/take")
        heard = [(await next_event(stream))[0] for _ in range(2)]
        while "resync" in heard:
            heard.remove("resync")
            heard.append((await next_event(stream))[0])
    assert set(heard) == {"desk", "conversation"}


async def test_the_stream_ends_with_the_session(world: World, hub: None) -> None:
    token = await world.sign_in("lin")
    async with aclosing(events._stream(token, ["desk"])) as stream:
        await next_event(stream)
        with clock.set_to(clock.now() + timedelta(hours=settings().staff_session_hours, minutes=1)):
            async with transaction() as session:
                await live.announce(session, "desk", "handover.waiting")
            with pytest.raises(StopAsyncIteration):
                while True:
                    assert (await next_event(stream))[0] == "resync"


@pytest.mark.parametrize(
    ("login", "topics"),
    [
        ("lin", {"desk", "knowledge"}),
        ("zhou", {"desk", "knowledge"}),
        ("lamps", {"department:urban_management", "knowledge"}),
        ("editor", {"knowledge"}),
    ],
)
def test_topics_follow_the_role(login: str, topics: set[str]) -> None:
    from tests.admin.staffing import ACCOUNTS

    role, name, department = ACCOUNTS[login]
    actor = auth.Actor(kind="staff", id=1, name=name, role=role, department=department)
    assert set(access.topics(actor)) == topics


@pytest.mark.parametrize("login", [None, "lamps"])
async def test_a_conversation_is_heard_by_agents_only(world: World, login: str | None) -> None:
    id = await world.waiting()
    async with world.client(login) as client:
        answer = await client.get("/api/v1/staff/events", params={"conversation": id})
    assert answer.status_code == (403 if login else 401)

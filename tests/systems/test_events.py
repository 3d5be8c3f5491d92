"""Polling: every step of a department's tickets, in order, at least once, none left out."""

import json
from datetime import timedelta

from core import clock
from core.database import transaction
from routing import commands, feed
from tests.admin.staffing import NAME, PHONE, World
from tests.systems.conftest import System, a_system

EVENTS = "/api/v1/systems/events"


async def test_a_system_reads_the_steps_of_its_departments_tickets_in_order(world: World, lamps: System) -> None:
    numbers = [await world.dispatched() for _ in range(3)]
    await world.dispatched("power_supply")
    await world.moved(numbers[1], ("lamps", "accept", {}))
    heard, cursor = [], None
    async with lamps.connected() as client:
        while True:
            page = (await client.get(EVENTS, params={"limit": 1} | ({"after": cursor} if cursor else {}))).json()
            heard += page["events"]
            cursor = page["next"]
            if not page["more"]:
                break
        assert (await client.get(EVENTS, params={"after": cursor})).json()["events"] == []
    assert [(each["data"]["number"], each["type"]) for each in heard] == [
        *((number, "ticket.dispatched") for number in numbers),
        (numbers[1], "ticket.accepted"),
    ]
    assert [each["sequence"] for each in heard] == sorted({each["sequence"] for each in heard})
    assert {clock["kind"] for clock in heard[0]["data"]["clocks"]} >= {"accept", "resolve"}
    assert NAME not in json.dumps(heard, ensure_ascii=False) and PHONE not in json.dumps(heard)


async def test_a_step_that_commits_late_is_not_left_out(world: World, lamps: System) -> None:
    late, early = await world.dispatched(), await world.dispatched()
    async with lamps.connected() as client:
        cursor = (await client.get(EVENTS)).json()["next"]
        async with transaction() as slow:
            await commands.accept(slow, late, actor=world.actors["lamps"])  # its row comes first, and is not committed
            await world.moved(early, ("lamps", "accept", {}))
            first = (await client.get(EVENTS, params={"after": cursor})).json()
        second = (await client.get(EVENTS, params={"after": first["next"]})).json()
    assert [each["data"]["number"] for each in first["events"]] == [early]
    assert [each["data"]["number"] for each in second["events"]] == [late]


async def test_latest_leaves_out_what_was_before(world: World, lamps: System) -> None:
    await world.dispatched()
    async with lamps.connected() as client:
        start = (await client.get(EVENTS, params={"after": "latest"})).json()
        number = await world.dispatched()
        after = (await client.get(EVENTS, params={"after": start["next"]})).json()
    assert start["events"] == []
    assert [each["data"]["number"] for each in after["events"]] == [number]


async def test_a_department_that_lost_a_ticket_hears_of_that_and_of_nothing_more(world: World, lamps: System) -> None:
    number = await world.dispatched()
    await world.moved(
        number,
        ("zhou", "reassign", {"department": "power_supply", "reason": "灯杆产权属供电公司"}),
        ("power", "accept", {}),
    )
    async with lamps.connected() as client:
        heard = (await client.get(EVENTS)).json()["events"]
    assert [each["type"] for each in heard] == ["ticket.dispatched", "ticket.reassigned"]
    assert heard[-1]["data"]["department"] == "power_supply"
    assert heard[-1]["data"]["clocks"] == []


async def test_a_cursor_that_is_too_old_or_none_is_refused_in_words(world: World, lamps: System) -> None:
    async with lamps.connected() as client:
        cursor = (await client.get(EVENTS)).json()["next"]
        assert (await client.get(EVENTS, params={"after": "abc"})).status_code == 422
    with clock.set_to(clock.now() + feed.KEPT + timedelta(minutes=1)):
        async with lamps.connected() as client:
            gone = await client.get(EVENTS, params={"after": cursor})
    assert gone.status_code == 410
    assert "latest" in gone.json()["detail"]


async def test_what_is_kept_long_enough_is_forgotten(world: World, lamps: System) -> None:
    await world.dispatched()
    with clock.set_to(clock.now() + feed.KEPT + timedelta(days=1)):
        await feed.forget()
    async with lamps.connected() as client:
        assert (await client.get(EVENTS)).json()["events"] == []


async def test_departments_without_a_system_cost_nothing(world: World) -> None:
    await world.dispatched()
    later = await a_system(world, "urban_management", "新平台")
    async with later.connected() as client:
        assert (await client.get(EVENTS)).json()["events"] == []

"""Polling: every step of a department's tickets, in order, at least once, none left out."""

import json
from datetime import timedelta

from bot import conversations
from channels import attachments, images
from core import clock
from core.database import transaction
from routing import commands, feed
from tests.admin.staffing import NAME, PHONE, World
from tests.channels.web.test_web_attachments import png
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


async def test_what_follows_a_master_is_heard_of_when_it_goes_with_it(world: World, lamps: System) -> None:
    power = await a_system(world, "power_supply", "供电业务平台")
    master, child, of_child = [await world.dispatched() for _ in range(3)]
    await world.moved(of_child, ("lin", "merge", {"into": child, "reason": "同一盏路灯"}))
    await world.moved(child, ("lin", "merge", {"into": master, "reason": "同一盏路灯"}))
    reason = {"department": "power_supply", "reason": "灯杆产权属供电公司"}
    async with lamps.connected() as left, power.connected() as right:
        start = (await left.get(EVENTS)).json()["next"]
        await world.moved(master, ("zhou", "reassign", reason))
        gone = (await left.get(EVENTS, params={"after": start})).json()["events"]
        come = (await right.get(EVENTS)).json()["events"]
        etag = (await right.get(f"/api/v1/staff/tickets/{child}")).headers["etag"]
    for heard in (gone, come):
        assert {each["data"]["number"] for each in heard} == {master, child, of_child}
        assert {(each["type"], each["data"]["department"]) for each in heard} == {("ticket.reassigned", "power_supply")}
        assert {each["data"]["state"] for each in heard} == {"dispatched", "merged"}
    (of_follower,) = [each["data"] for each in come if each["data"]["number"] == child]
    assert f'"{of_follower["version"]}"' == etag


async def test_followers_that_come_to_another_departments_master_are_heard_of(world: World, lamps: System) -> None:
    power = await a_system(world, "power_supply", "供电业务平台")
    master, child, of_child = await world.dispatched("power_supply"), await world.dispatched(), await world.dispatched()
    await world.moved(of_child, ("lin", "merge", {"into": child, "reason": "同一盏路灯"}))
    await world.moved(child, ("lin", "merge", {"into": master, "reason": "同一盏路灯"}))
    for system in (lamps, power):
        async with system.connected() as client:
            heard = (await client.get(EVENTS)).json()["events"]
        last = [each for each in heard if each["data"]["number"] == of_child][-1]
        assert (last["type"], last["data"]["department"]) == ("ticket.reassigned", "power_supply")


async def test_an_event_says_that_a_clock_stands_still(world: World, lamps: System) -> None:
    number = await world.dispatched()
    until = (clock.now() + timedelta(days=10)).date()
    await world.moved(
        number,
        ("lamps", "accept", {}),
        ("lamps", "ask_suspension", {"until": until, "reason": "等材料"}),
    )
    async with lamps.connected() as client:
        before = (await client.get(EVENTS)).json()["events"][-1]["data"]["clocks"]
        await world.moved(number, ("zhou", "rule_on_suspension", {"approved": True}))
        after = (await client.get(EVENTS)).json()["events"][-1]["data"]["clocks"]
    assert before and not any(each["paused"] for each in before)
    assert after and all(each["paused"] for each in after)


async def test_photos_are_read_with_the_systems_credentials_and_of_its_tickets_only(
    world: World, lamps: System
) -> None:
    async with transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")
    photo = [{"kind": "image", "id": attachments.keep(conversation.id, png()).id}]
    own = await world.dispatched(attachments=photo)
    others = await world.dispatched("power_supply", attachments=photo)
    async with lamps.connected() as client, lamps.plain() as stranger:
        listed = (await client.get(f"/api/v1/staff/tickets/{own}")).json()["attachments"]
        seen = await client.get(f"/api/v1/staff/tickets/{own}/attachments/1")
        assert listed == [{"index": 1, "available": True}]
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
        assert seen.content == images.clean(png()).content
        assert (await client.get(f"/api/v1/staff/tickets/{own}/attachments/2")).status_code == 404
        assert (await client.get(f"/api/v1/staff/tickets/{others}/attachments/1")).status_code == 404
        assert (await stranger.get(f"/api/v1/staff/tickets/{own}/attachments/1")).status_code == 401


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

"""Topics for supervisors, by page and interface; merging from a topic and from a ticket's page; joining at the desk."""

from collections.abc import AsyncIterator

import pytest

from core.database import transaction
from routing import opening
from routing.growing import gathering
from tests.admin.staffing import World, settle
from tests.routing.conftest import draft, noticed
from tests.routing.test_regrouping import by_night, two_topics_of_one_matter

from admin.web import create_app  # isort: skip


def garbage(number: int) -> opening.Draft:
    return draft(
        category="urban.sanitation.garbage_overflow",
        title="桃李社区 垃圾满溢",
        description="桃李社区的垃圾桶满出来了没人收，臭气熏天",
        address="桃李社区",
        conversation=None,
        citizen_phone=f"1380013{number:04}",
    )


@pytest.fixture
async def world(committing: None, password_hash: str) -> AsyncIterator[World]:
    yield await settle(create_app(), password_hash, ("zhou", "lin", "lamps"))


async def reported(count: int) -> list[str]:
    async with transaction() as session:
        made = [await noticed(session, garbage(each)) for each in range(count)]
    await gathering.gather()
    return [each.ticket.number for each in made]


async def test_a_supervisor_sees_the_warning_opens_its_tickets_and_says_who_does_what(world: World) -> None:
    numbers = await reported(5)
    async with world.client("zhou") as client:
        (topic,) = (await client.get("/api/v1/staff/topics")).json()["topics"]
        assert (topic["size"], topic["warning"], sum(topic["days"])) == (5, "new", 5)
        detail = (await client.get(f"/api/v1/staff/topics/{topic['id']}")).json()
        assert sorted(detail["tickets"]) == sorted(numbers)
        assert topic["title"] in (await client.get("/supervision/topics")).text
        assert topic["title"] in (await client.get("/supervision/topics/warnings")).text
        page = (await client.get(f"/supervision/topics/{topic['id']}")).text
        assert all(number in page for number in numbers)
        path = f"/api/v1/staff/topics/{topic['id']}"
        done = await client.post(f"{path}/acknowledge", json={"note": "请朝霞区城管今天清运"})
        assert done.json()["note"] == "请朝霞区城管今天清运"
        assert (await client.post(f"{path}/acknowledge", json={"note": "请朝霞区城管今天清运"})).status_code == 409
        assert topic["title"] not in (await client.get("/supervision/topics/warnings")).text
        assert (await client.post(f"{path}/close", json={"note": "已经清运"})).json()["closed_at"]


@pytest.mark.parametrize("login", ["lin", "lamps"])
async def test_nobody_else_reads_topics(login: str, world: World) -> None:
    await reported(2)
    async with world.client(login) as client:
        assert (await client.get("/api/v1/staff/topics")).status_code == 403


async def test_a_topic_that_was_joined_into_another_leads_there_and_its_history_says_so(world: World) -> None:
    first, second = await two_topics_of_one_matter()
    await by_night()
    async with world.client("zhou") as client:
        moved = await client.get(f"/supervision/topics/{second.id}")
        assert (moved.status_code, moved.headers["location"]) == (303, f"/supervision/topics/{first.id}")
        page = (await client.get(f"/supervision/topics/{first.id}")).text
        assert "已合并，共 5 件" in page and f"热点 {second.id}" in page
        detail = (await client.get(f"/api/v1/staff/topics/{second.id}")).json()
        assert (detail["joined_into"], detail["history"][-1]["kind"]) == (first.id, "joined_into")


async def test_the_chosen_tickets_of_a_topic_are_merged_into_the_oldest(world: World) -> None:
    numbers = await reported(4)
    async with world.client("zhou") as client:
        (topic,) = (await client.get("/api/v1/staff/topics")).json()["topics"]
        path = f"/supervision/topics/{topic['id']}/merge"
        headers = {"hx-request": "true"}
        one = await client.post(path, data={"number": numbers[:1], "note": "同一处"}, headers=headers)
        assert "至少勾选两件" in one.text
        await client.post(path, data={"number": numbers[:3], "note": "同一处"}, headers=headers)
        states = [(await client.get(f"/api/v1/staff/tickets/{number}")).json()["state"] for number in numbers]
    assert [state == "merged" for state in states] == [False, True, True, False]


async def test_an_agent_lets_a_caller_join_and_the_caller_has_an_own_number(world: World) -> None:
    (first,) = await reported(1)
    async with world.client("lin") as client:
        body = {"request_type": "complaint", "title": "垃圾没人收", "description": "桃李社区垃圾没人收", "join": first}
        made = (await client.post("/api/v1/staff/tickets", json=body)).json()
        assert made["number"] != first and made["code"]
        assert (await client.get(f"/api/v1/staff/tickets/{made['number']}")).json()["state"] == "merged"

"""Suspected duplicates: of the whole centre by page and interface, and beside one ticket."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.admin.staffing import World, settle
from tests.admin.test_staff_topics import reported

from admin.web import create_app  # isort: skip

PART = {"hx-request": "true"}


@pytest.fixture
async def world(committing: None, password_hash: str) -> AsyncIterator[World]:
    yield await settle(create_app(), password_hash, ("zhou", "lin", "lamps"))


async def test_the_centre_lists_pairs_side_by_side_and_merges_one_with_a_click(world: World) -> None:
    first, second = await reported(2)
    async with world.client("lin") as client:
        (pair,) = (await client.get("/api/v1/staff/duplicates")).json()["pairs"]
        assert (pair["first"]["number"], pair["second"]["number"]) == (first, second)
        assert pair["score"] > 0.5 and "臭气熏天" in pair["second"]["description"]
        page = (await client.get("/duplicates")).text
        assert all(f'href="/workbench/{number}"' in page for number in (first, second))
        after = await client.post(f"/duplicates/{first}/{second}", data={"then": "merge"}, headers=PART)
        assert f"{second} 已并入 {first}" in after.text and "没有疑似重复" in after.text
        assert (await client.get(f"/api/v1/staff/tickets/{second}")).json()["state"] == "merged"
        assert (await client.get("/api/v1/staff/duplicates")).json() == {
            "pairs": [],
            "next": None,
            "one": 1,
            "apart": 0,
        }
        again = await client.post(f"/duplicates/{first}/{second}", data={"then": "merge"}, headers=PART)
        assert again.status_code == 409


async def test_what_is_told_apart_leaves_the_list_and_the_tickets_page(world: World) -> None:
    first, second = await reported(2)
    async with world.client("zhou") as client:
        after = await client.post(
            f"/duplicates/{first}/{second}", data={"then": "apart", "after": "0.1_1_1"}, headers=PART
        )
        assert "不是同一件事" in after.text and "1 对不是（0.0% 判断相符）" in after.text
        assert "没有找到" in (await client.get(f"/workbench/{second}/similar")).text
        assert (await client.get(f"/api/v1/staff/tickets/{second}")).json()["state"] == "new"


async def test_the_list_comes_in_pages(world: World) -> None:
    numbers = await reported(30)
    async with world.client("lin") as client:
        every = (await client.get("/api/v1/staff/duplicates")).json()["pairs"]
        listed = {side["number"] for pair in every for side in (pair["first"], pair["second"])}
        assert listed == set(numbers) and 20 < len(every) <= 30
        parts, after = [], ""
        while after is not None:
            part = (await client.get("/api/v1/staff/duplicates", params={"limit": 7, "after": after})).json()
            parts, after = [*parts, *part["pairs"]], part["next"]
        assert parts == every
        page = await client.get("/duplicates")
        assert page.text.count('class="panel pair-of-tickets"') == 20
        (following,) = re.findall(r'href="(/duplicates\?after=[^"]+)"', page.text)
        rest = await client.get(following)
        assert rest.text.count('class="panel pair-of-tickets"') == len(every) - 20 and 'href="/duplicates"' in rest.text


async def test_a_department_has_no_such_list(world: World) -> None:
    first, second = await reported(2)
    async with world.client("lamps") as client:
        for path in ("/duplicates", "/api/v1/staff/duplicates"):
            assert (await client.get(path)).status_code == 403
        path = f"/duplicates/{first}/{second}"
        assert (await client.post(path, data={"then": "merge"}, headers=PART)).status_code in {403, 404}
        body = {"other": first}
        assert (await client.post(f"/api/v1/staff/tickets/{second}/apart", json=body)).status_code in {403, 404}


async def test_a_ticket_shows_what_is_probably_the_same_and_merges_with_one_click(world: World) -> None:
    first, second = await reported(2)
    async with world.client("lin") as client:
        part = (await client.get(f"/workbench/{second}/similar", headers=PART)).text
        page = (await client.get(f"/workbench/{second}/similar")).text
        assert "<html" not in part and "<html" in page
        assert all(word in shown for word in (first, "相似", "今天") for shown in (part, page))
        await client.post(f"/workbench/{second}/similar", data={"into": first}, headers=PART)
        assert (await client.get(f"/api/v1/staff/tickets/{second}")).json()["state"] == "merged"
        assert "没有找到" in (await client.get(f"/workbench/{second}/similar")).text
    async with world.client("lamps") as client:
        assert (await client.get(f"/workbench/{first}/similar")).status_code == 403


async def test_on_a_tickets_page_too_another_is_told_apart(world: World) -> None:
    first, second = await reported(2)
    async with world.client("lin") as client:
        await client.post(f"/workbench/{second}/similar", data={"apart": first}, headers=PART)
        ticket = (await client.get(f"/api/v1/staff/tickets/{second}")).json()
        assert "判为不同的事" in {step["name"] for step in ticket["steps"]} and ticket["state"] == "new"

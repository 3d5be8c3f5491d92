"""The figures on their page and in the interface, and the tickets behind each number."""

from typing import Any

import pytest

from core import clock
from core.city import city
from routing import figures
from tests.admin.staffing import NAME, PHONE, World

SURVEY = ("lin", "callback", {"contacted": True, "solved": True, "satisfied": 5})


@pytest.fixture
async def counted(world: World) -> tuple[World, str, str]:
    """A line with a solved and a waiting ticket, counted; the day."""
    reply: tuple[Any, ...] = (("lamps", "accept", {}), ("lamps", "reply", {"result": "已修复。"}))
    solved = await world.moved(await world.dispatched(), *reply, SURVEY)
    await world.dispatched("power_supply")
    await figures.catch_up(everything=True)
    return world, solved, clock.local(clock.now(), city().time_zone).date().isoformat()


async def test_a_number_on_the_page_opens_its_list(counted: tuple[World, str, str]) -> None:
    world, solved, day = counted
    async with world.browser("zhou") as browser:
        page = (await browser.get("/supervision/figures")).text
        link = f"/supervision/figures/solution_rate/numerator?start={day}&amp;end={day}&amp;dimension=all&amp;value="
        days = (await browser.get(f"/supervision/figures?start={day}&end={day}&by=day")).text
        listed = (await browser.get(link.replace("&amp;", "&"))).text
        file = await browser.get(f"/supervision/figures/opened/numerator/export?start={day}&end={day}")
    assert "<h1>指标</h1>" in page and "解决率" in page and "市城管局" in page
    assert link in days
    assert solved in listed and "计入分子" in listed
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.text.strip().splitlines()
    assert len(lines) == 3 and solved in file.text
    assert not any(word in file.text for word in (NAME, PHONE, "路口"))


async def test_a_supervisor_leaves_a_ticket_out_and_the_department_reads_why(
    counted: tuple[World, str, str],
) -> None:
    world, solved, day = counted
    async with world.browser("zhou") as browser:
        refused = await browser.post(
            f"/supervision/figures/tickets/{solved}/exclude",
            data={"reason": "malicious"},
            headers={"hx-request": "true"},
        )
        done = await browser.post(
            f"/supervision/figures/tickets/{solved}/exclude", data={"reason": "malicious", "note": "经核实系虚构"}
        )
        await figures.catch_up(everything=True)
        listed = (await browser.get(f"/supervision/figures/solution_rate/excluded?start={day}&end={day}")).text
    assert refused.status_code == 422 and done.headers["HX-Redirect"] == f"/workbench/{solved}"
    assert solved in listed and "认定为恶意" in listed
    async with world.browser("lamps") as browser:
        assert "经核实系虚构" in (await browser.get(f"/workbench/{solved}")).text


async def test_a_department_opens_its_own_figures_and_no_others(counted: tuple[World, str, str]) -> None:
    world, solved, day = counted
    async with world.client("lamps") as client:
        own = (await client.get("/api/v1/staff/figures", params={"start": day, "end": day, "by": "day"})).json()
        listed = (await client.get("/api/v1/staff/figures/opened/numerator", params={"start": day, "end": day})).json()
        other = await client.get(
            "/api/v1/staff/figures/opened/numerator",
            params={"start": day, "end": day, "dimension": "department", "value": "power_supply"},
        )
    assert own["whole"]["opened"] == listed["total"] == 1 and [each["number"] for each in listed["tickets"]] == [solved]
    assert own["parts"][0]["value"] == day and own["before"]["opened"] == 0
    assert other.status_code == 403
    async with world.client("lin") as client:
        assert (await client.get("/api/v1/staff/figures", params={"start": day, "end": day})).status_code == 403


async def test_whoever_may_not_rule_leaves_nothing_out(counted: tuple[World, str, str]) -> None:
    world, solved, _ = counted
    body = {"reason": "malicious", "note": "经核实系虚构"}
    async with world.client("lamps") as client:
        assert (await client.post(f"/api/v1/staff/tickets/{solved}/exclude", json=body)).status_code == 403
    async with world.client("zhou") as client:
        done = await client.post(f"/api/v1/staff/tickets/{solved}/exclude", json=body)
        again = await client.post(f"/api/v1/staff/tickets/{solved}/include", json={"note": "复核后恢复"})
    assert done.json() == {"number": solved, "excluded": "malicious"}
    assert again.json() == {"number": solved, "excluded": None}

"""A department and the centre see the clocks that run down, and say that they know."""

from datetime import timedelta

from core import clock
from routing import supervision
from tests.admin.staffing import World


async def test_a_department_reads_its_warnings_and_puts_them_away(world: World) -> None:
    number = await world.dispatched()
    now = clock.now()
    with clock.set_to(now + timedelta(days=20)):
        await supervision.sweep()
    async with world.client("lamps") as client, world.client("lin") as centre, world.client("power") as other:
        shown = (await client.get("/api/v1/staff/warnings")).json()
        assert {each["kind"] for each in shown["warnings"]} == {"accept", "contact", "resolve"}
        assert shown["total"] == 3 and {each["percent"] for each in shown["warnings"]} == {100}
        assert {each["number"] for each in shown["warnings"]} == {number}
        assert (await centre.get("/api/v1/staff/warnings")).json()["total"] == 3
        assert (await other.get("/api/v1/staff/warnings")).json() == {"warnings": [], "total": 0}
        ids = [each["clock_id"] for each in shown["warnings"]]
        assert (await other.post("/api/v1/staff/warnings/seen", json={"clock_ids": ids})).json() == {"settled": 0}
        assert (await client.post("/api/v1/staff/warnings/seen", json={"clock_ids": ids[:1]})).json() == {"settled": 1}
    async with world.browser("lamps") as browser:
        page = (await browser.get("/warnings")).text
        assert page.count("超期") >= 2 and number in page
        left = (await browser.post("/warnings/seen", data={"only": str(ids[1]), "clock": ids[1:]})).text
        assert left.count('name="clock"') == 1
        assert "目前没有需要提醒的时限" in (await browser.post("/warnings/seen", data={"clock": ids})).text


async def test_lists_mark_how_far_a_clock_has_run(world: World) -> None:
    await world.dispatched()
    with clock.set_to(clock.now() + timedelta(days=20)):
        await supervision.sweep()
        async with world.client("lamps") as client:
            summary = (await client.get("/api/v1/staff/tickets")).json()["tickets"][0]
            assert summary["next_clock"]["percent"] == 100 and summary["next_clock"]["state_name"] == "已超时"
        async with world.browser("lamps") as browser:
            assert "超期" in (await browser.get("/workbench?state=dispatched")).text


async def test_who_reads_no_ticket_has_no_warnings(world: World) -> None:
    async with world.browser("editor") as browser:
        assert (await browser.get("/warnings")).status_code == 403

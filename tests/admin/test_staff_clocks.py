"""The calendar editor: shown first, saved with a reason, exactly as shown, by who may."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from routing import calendar, policy
from tests.admin.staffing import World
from tests.routing.test_clock_versions import NOTICE

FORM = {
    "year": "2027",
    "source": NOTICE["source"],
    "name": ["元旦", ""],
    "from": ["2027-01-01", ""],
    "to": ["2027-01-04", ""],
    "weekend": ["2027-01-09", ""],
}


@pytest.fixture(autouse=True)
def _as_shipped() -> Iterator[None]:
    yield
    policy.use(None)
    calendar.use(None)


async def test_a_year_is_entered_shown_and_saved(world: World) -> None:
    async with world.browser("admin") as browser:
        page = (await browser.get("/settings/clocks?tab=year&year=2027")).text
        assert "2027年放假安排" in page and "暂定" in page
        shown = (await browser.post("/settings/clocks/year/preview", data=FORM)).text
        assert "没有进行中的时钟会变动" in shown
        digest = re.search(r'name="shown" value="(\w+)"', shown)
        assert digest
        sent = FORM | {"shown": digest[1], "reason": "国办发明电"}
        changed = await browser.post("/settings/clocks/year/save", data=sent | {"weekend": []})
        assert changed.status_code == 409
        assert (await browser.post("/settings/clocks/year/save", data=sent | {"reason": ""})).status_code == 422
        assert not calendar.calendar().is_known(date(2027, 1, 1))
        saved = await browser.post("/settings/clocks/year/save", data=sent)
        assert saved.headers["HX-Redirect"] == "/settings/clocks?tab=year&year=2027"
        assert calendar.calendar().is_working(date(2027, 1, 9))
        after = (await browser.get("/settings/clocks?tab=year&year=2027")).text
        assert "国办发明电" in after and 'value="2027-01-09"' in after
        assert "元旦" in (await browser.get("/settings/clocks/versions/1")).text


async def test_what_does_not_fit_is_said_in_the_form(world: World) -> None:
    async with world.browser("admin") as browser:
        refused = await browser.post("/settings/clocks/year/preview", data=FORM | {"weekend": ["2027-01-11"]})
        assert refused.status_code == 422 and "必须是2027年的周六或周日" in refused.text
        assert (await browser.post("/settings/clocks/year/preview", data=FORM | {"year": "soon"})).status_code == 422
        assert (await browser.get("/settings/clocks?tab=none")).status_code == 404


async def test_limits_as_the_page_shows_them_are_the_limits_in_force(world: World) -> None:
    await world.dispatched()
    async with world.browser("admin") as browser:
        page = (await browser.get("/settings/clocks?tab=policy")).text
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r'<input name="(\w+)"[^>]*? value="([^"]*)"', page.split("<tbody>")[1]):
            fields.setdefault(name, []).append(value)
        fields["amount"] = re.findall(r'name="amount"[^>]*value="(\d*)"', page)
        rows = page.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
        for name in ("clock", "unit"):
            chosen = [re.search(rf'<select name="{name}".*?</select>', row, re.S) for row in rows]
            options = [re.findall(r'value="(\w+)"( selected)?', each[0]) for each in chosen if each]
            fields[name] = [next((v for v, on in each if on), each[0][0]) for each in options]
        fields["at"] = ["50", "80", "100"]
        fields |= {"tell-0": ["lead"], "tell-1": ["lead", "parent"], "tell-2": ["lead", "parent", "centre"]}
        shown = (await browser.post("/settings/clocks/policy/preview", data=fields | {"running": "all"})).text
        assert "没有进行中的时钟会变动" in shown
        fields["amount"] = ["9" if each == "5" else each for each in fields["amount"]]
        moved = (await browser.post("/settings/clocks/policy/preview", data=fields | {"running": "all"})).text
        assert "将有 1 个时钟变动" in moved and "城管" in moved
        only_new = (await browser.post("/settings/clocks/policy/preview", data=fields | {"running": "new"})).text
        assert "只对今后开始的时钟有效" in only_new


async def test_hours_are_shown_as_they_are(world: World) -> None:
    async with world.browser("admin") as browser:
        page = (await browser.get("/settings/clocks?tab=hours")).text
        assert 'value="13:30"' in page and page.count("checked") == 5
        form = {"from": ["09:00", "13:00", ""], "to": ["12:00", "17:00", ""], "weekday": ["1", "2", "3", "4", "5"]}
        assert (await browser.post("/settings/clocks/hours/preview", data=form)).status_code == 200


async def test_the_interface_shows_and_saves_too(world: World) -> None:
    change = {"kind": "year", "content": NOTICE}
    async with world.client("admin") as client, world.client("zhou") as supervisor:
        assert (await supervisor.get("/api/v1/staff/clocks")).status_code == 403
        assert (await client.post("/api/v1/staff/clocks/preview", json=change)).json()["moved"] == 0
        saved = await client.post("/api/v1/staff/clocks", json=change | {"reason": "国办发明电"})
        assert saved.status_code == 201 and saved.json()["content"] == NOTICE
        found = (await client.get("/api/v1/staff/clocks")).json()
        assert found["years"]["2027"]["source"] == NOTICE["source"] and found["versions"][0]["reason"] == "国办发明电"
        assert found["sla"]["escalation"][0] == {"at": 50, "tell": ["lead"]}

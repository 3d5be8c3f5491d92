"""The calendar editor: shown first, saved with a reason, exactly as shown, by who may."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
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


async def saved(browser: httpx.AsyncClient, kind: str, form: dict[str, Any]) -> httpx.Response:
    """What is answered to a change that is shown, then saved."""
    shown = await browser.post(f"/settings/clocks/{kind}/preview", data=form)
    digest = re.search(r'name="shown" value="(\w+)"', shown.text)
    if digest is None:
        return shown
    return await browser.post(f"/settings/clocks/{kind}/save", data=form | {"shown": digest[1], "reason": "试行"})


LIMIT = {"order": "1", "clock": "resolve", "amount": "5", "unit": "working_days", "source": ""}
LIMIT |= dict.fromkeys(("request_type", "urgency", "category", "department"), "*")


async def test_a_point_of_the_escalation_is_added_in_an_empty_line_and_removed_by_emptying_it(world: World) -> None:
    async with world.browser("admin") as browser:
        page = (await browser.get("/settings/clocks?tab=policy")).text
        assert page.count('name="at"') == 5 and 'name="tell-4"' in page
        # 80 is emptied, and 65 written where nothing stood.
        form = LIMIT | {"at": ["50", "", "100", "65", ""], "tell-0": ["lead"], "tell-2": ["lead", "centre"]}
        refused = await saved(browser, "policy", form)
        assert refused.status_code == 422 and "第2档预警提醒谁还没有填" in refused.text
        done = await saved(browser, "policy", form | {"tell-3": ["parent"]})
        assert done.headers["HX-Redirect"] == "/settings/clocks?tab=policy"
        points = [(each.at, [str(told) for told in each.tell]) for each in policy.sla().escalation]
        assert points == [(50, ["lead"]), (65, ["parent"]), (100, ["lead", "centre"])]


async def test_what_was_saved_is_taken_back_and_the_citys_files_hold_again(world: World) -> None:
    async with world.browser("admin") as browser:
        assert 'name="shipped"' not in (await browser.get("/settings/clocks?tab=year&year=2027")).text
        await saved(browser, "year", FORM)
        await saved(browser, "policy", LIMIT | {"at": ["100"], "tell-0": ["centre"]})
        assert calendar.calendar().is_known(date(2027, 1, 1)) and len(policy.sla().escalation) == 1
        for tab, fields in (("year", FORM), ("policy", LIMIT)):
            assert 'name="shipped"' in (await browser.get(f"/settings/clocks?tab={tab}&year=2027")).text
            await saved(browser, tab, fields | {"shipped": "on"})
        assert not calendar.calendar().is_known(date(2027, 1, 1))
        assert policy.sla() == policy.shipped()


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
        assert "只对今后开始的时钟有效" in only_new and "预警档次" not in only_new
        fields["at"] = ["40", "80", "100"]
        for running, said in (("new", "从它们原定的下一档起按新的来"), ("all", "保存后对正在进行的时钟也有效")):
            text = (await browser.post("/settings/clocks/policy/preview", data=fields | {"running": running})).text
            assert said in text


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

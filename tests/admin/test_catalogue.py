"""The dispatch catalogue over REST and in the browser: preview, save, plans, files, what comes back."""

import pytest

from tests.admin.staffing import World

LAMP = "utilities.lighting.lamp_out"
API = "/api/v1/staff/catalogue"
CHANGE = {"category": LAMP, "lead": "housing", "co_handlers": ["urban_management"], "basis": "移交协议"}
PART = {"HX-Request": "true"}


async def test_a_change_is_previewed_saved_and_sends_the_next_ticket(world: World) -> None:
    await world.opened()
    async with world.client("zhou") as client:
        seen = (await client.post(f"{API}/preview", json=CHANGE)).json()
        assert seen["effect"]["moves"] == [{"before": "urban_management", "after": "housing", "tickets": 1, "open": 1}]
        body = CHANGE | {"reason": "路灯移交", "seen": seen["seen"]}
        made = await client.post(API, json=body)
        assert made.status_code == 201
        assert (await client.post(API, json=body | {"lead": "power_supply"})).status_code == 409
        rows = (await client.get(API)).json()
        assert {"lead": "housing", "version": made.json()["id"]}.items() <= next(
            row for row in rows if row["category"] == LAMP and row["area"] == "*"
        ).items()
        (version,) = (await client.get(f"{API}/versions", params={"category": LAMP})).json()
        assert version["reason"] == "路灯移交"
        number = await world.opened()
        candidates = (await client.get(f"/api/v1/staff/tickets/{number}")).json()["candidates"]
        assert candidates[0]["code"] == "housing"
        sent = await client.post(f"/api/v1/staff/tickets/{number}/dispatch", json={"department": "housing"})
        because = sent.json()["dispatched_because"]
        assert because["row"]["version"] == version["id"] and not because["automatic"]


async def test_an_agent_reads_the_catalogue_but_does_not_change_it(world: World) -> None:
    async with world.client("lin") as client:
        assert (await client.get(API)).status_code == 200
        assert (await client.post(API, json=CHANGE | {"reason": "想改"})).status_code == 403
    async with world.client("lamps") as client:
        assert (await client.get(API)).status_code == 403


async def test_a_plan_is_withdrawn(world: World) -> None:
    async with world.client("zhou") as client:
        body = CHANGE | {"reason": "路灯移交", "effective_from": "2099-01-01"}
        made = (await client.post(API, json=body)).json()
        assert (await client.delete(f"{API}/versions/{made['id']}")).json()["withdrawn_at"]
        assert (await client.delete(f"{API}/versions/{made['id']}")).status_code == 409


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_the_table_that_is_exported_can_be_imported_again(world: World, format: str) -> None:
    async with world.client("zhou") as client:
        table = (await client.get(f"{API}/file", params={"format": format})).content
        found = await client.post(f"{API}/import", files={"file": (f"c.{format}", table)})
        assert found.status_code == 200 and found.json()["changes"] == 0 and found.json()["problems"] == []


async def test_the_page_previews_a_file_and_takes_it_up_when_asked(world: World) -> None:
    table = "类目编码,区域,主办单位,协办单位,依据\n" + f"{LAMP},全市,市住建局,,移交协议\n"
    later = "类目编码,区域,主办单位,依据,生效日期\n" + f"{LAMP},全市,市住建局,移交协议,2099-01-01\n"
    async with world.browser("zhou") as browser:
        planned = {"file": ("c.csv", later.encode())}
        assert (
            "2099-01-01 起" in (await browser.post("/supervision/catalogue/import", files=planned, headers=PART)).text
        )
        asked = {"file": ("c.csv", table.encode())}
        shown = await browser.post("/supervision/catalogue/import", files=asked, headers=PART)
        assert "改动 1 行" in shown.text and "保存 1 行改动" in shown.text
        saved = await browser.post(
            "/supervision/catalogue/import", files=asked, data={"save": "1", "reason": "移交"}, headers=PART
        )
        assert saved.headers["HX-Redirect"] == "/supervision/catalogue"
        assert "已改" in (await browser.get("/supervision/catalogue?q=路灯不亮")).text


async def test_the_row_that_comes_back_is_shown_with_a_prefilled_proposal(world: World) -> None:
    for _ in range(2):
        number = await world.dispatched()
        await world.moved(
            number,
            ("lamps", "return_to_centre", {"reason": "不是我局职责"}),
            ("zhou", "rule_on_return", {"upheld": True, "department": "power_supply", "reason": "产权"}),
        )
    async with world.browser("zhou") as browser:
        page = (await browser.get("/supervision/catalogue")).text
        assert "提议改为市供电公司" in page or "提议改为" in page
        assert number in page
        row = await browser.get(
            "/supervision/catalogue/row", params={"category": LAMP, "lead": "power_supply", "reason": "近90天退回"}
        )
        assert '<option value="power_supply" selected>' in row.text and "近90天退回" in row.text
        assert "还没有保存" in row.text
    async with world.client("zhou") as client:
        (found,) = (await client.get(f"{API}/returned")).json()
        assert (found["returned"], found["tickets"], found["proposed"]) == (2, 2, "power_supply")
        assert (await client.get(f"{API}/versions", params={"category": LAMP})).json() == []


async def test_the_pages_form_saves_what_was_previewed(world: World) -> None:
    form = {"category": LAMP, "area": "*", "lead": "housing", "co_handlers": "市城管局；所在区", "basis": "移交协议"}
    async with world.browser("zhou") as browser:
        shown = await browser.post("/supervision/catalogue/preview", data=form, headers=PART)
        assert "看影响" not in shown.text and 'name="seen" value="0"' in shown.text
        saved = await browser.post(
            "/supervision/catalogue/save", data=form | {"seen": "0", "reason": "移交"}, headers=PART
        )
        assert saved.status_code == 204
        page = (await browser.get(f"/supervision/catalogue/row?category={LAMP}")).text
        assert "第 1 版" in page and "市城管局；所在区" in page
        again = await browser.post(
            "/supervision/catalogue/save", data=form | {"seen": "0", "reason": "移交"}, headers=PART
        )
        assert again.status_code == 409 and "同事" in again.text

"""A negotiation in the browser and over REST: opened on a ticket's page, positions in the workbench, a decision."""

from core import ledger
from core.database import transaction
from tests.admin.staffing import NAME, World

API = "/api/v1/staff/negotiations"
PART = {"HX-Request": "true"}


async def test_the_centre_opens_it_departments_speak_and_the_decision_sends_the_ticket(world: World) -> None:
    number = await world.opened()
    async with world.browser("zhou") as browser:
        assert "发起职责协商" in (await browser.get(f"/workbench/{number}")).text
        form = {"ticket": number, "question": "灯杆归谁？", "participants": "市城管局；power_supply"}
        long = await browser.post("/negotiations/open", data=form | {"question": "谁" * 2001}, headers=PART)
        assert long.status_code == 422 and "内容太长" in long.text
        made = await browser.post("/negotiations/open", data=form, headers=PART)
        page = made.headers["HX-Redirect"]
        assert "灯杆归谁？" in (await browser.get("/negotiations")).text
    async with world.browser("power") as browser:
        assert "1 件职责协商等贵单位表态" in (await browser.get("/workbench")).text
        shown = (await browser.get(page)).text
        assert "路灯坏了三天" in shown and NAME not in shown and "13911112222" not in shown
        assert '<option value="">' in shown
        said = {"stance": "accepts", "text": "产权属我公司", "basis": "供电营业规则"}
        assert (await browser.post(f"{page}/position", data=said, headers=PART)).status_code == 204
        assert "件职责协商等贵单位表态" not in (await browser.get("/workbench")).text
        assert (
            await browser.post(f"{page}/decision", data={"lead": "power_supply", "basis": "x", "reason": "y"})
        ).status_code == 403
    async with world.browser("zhaoxia") as browser:
        assert (await browser.get(page)).status_code == 404
    async with world.browser("zhou") as browser:
        assert "产权属我公司" in (await browser.get(page)).text
        decision = {"lead": "power_supply", "basis": "供电营业规则", "reason": "产权清楚", "catalogue_area": "*"}
        assert (await browser.post(f"{page}/decision", data=decision, headers=PART)).status_code == 204
        assert "已决定" in (await browser.get("/negotiations?state=decided")).text
    async with world.client("power") as client:
        ticket = (await client.get(f"/api/v1/staff/tickets/{number}")).json()
        assert ticket["department"] == "power_supply"
        (record,) = (await client.get(API, params={"state": "decided"})).json()
        written = (await client.get(f"{API}/{record['id']}")).json()["catalogue_version"]
    async with world.client("zhou") as client:
        rows = (await client.get("/api/v1/staff/catalogue")).json()
        assert [row["lead"] for row in rows if row["version"] == written] == ["power_supply"]


async def test_a_participant_of_a_sealed_ticket_finds_it_no_longer_and_who_reads_it_is_kept(world: World) -> None:
    number = await world.opened()
    async with world.browser("zhou") as browser:
        form = {"ticket": number, "question": "灯杆归谁？", "participants": "市城管局；power_supply"}
        made = await browser.post("/negotiations/open", data=form, headers=PART)
        page = made.headers["HX-Redirect"]
    async with world.client("zhou") as client:
        await client.post(f"/api/v1/staff/tickets/{number}/seal", json={"reason": "涉及人身安全"})
    async with world.browser("power") as browser:
        assert (await browser.get(page)).status_code == 404
        assert "灯杆归谁？" not in (await browser.get("/negotiations")).text
        assert "件职责协商等贵单位表态" not in (await browser.get("/workbench")).text
    async with world.browser("lin") as browser:
        assert (await browser.get(page)).status_code == 404
    async with world.browser("zhou") as browser:
        assert "工单转为保密，已不再参加" in (await browser.get(page)).text
    async with transaction() as session:
        kinds = [event.kind for event in await ledger.history(session, f"ticket:{number}")]
    assert kinds.count("ticket.sealed_read") == 1

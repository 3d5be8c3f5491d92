"""Findings on their page, and hints beside a reply that is being written."""

from core.auth import SYSTEM
from core.database import transaction
from routing import quality, tickets
from tests.admin.staffing import World


async def test_findings_are_shown_decided_and_seen_by_the_department(world: World) -> None:
    number = await world.moved(
        await world.dispatched(), ("lamps", "accept", {}), ("lamps", "reply", {"result": "已收悉，已转相关部门处理。"})
    )
    async with transaction() as session:
        await quality.review_ticket(session, await tickets.find(session, number, actor=SYSTEM))
        id = (await quality.listing(session, actor=SYSTEM, check="empty"))[0].finding.id
    async with world.browser("lamps") as browser:
        own = (await browser.get("/supervision/quality")).text
        refused = await browser.post(f"/supervision/quality/{id}", data={"then": "dismiss", "reason": "不是"})
        hinted = await browser.post(f"/supervision/hints/{number}", data={"result": "我局将尽快处理。"})
    assert number in own and "<mark>" in own and refused.status_code == 403
    assert "承诺无期限" in hinted.text
    async with world.browser("power") as browser:
        assert number not in (await browser.get("/supervision/quality")).text
        assert (await browser.post(f"/supervision/hints/{number}", data={"result": "x"})).status_code == 404
    async with world.browser("zhou") as browser:
        done = await browser.post(f"/supervision/quality/{id}", data={"then": "confirm", "reason": "确是空话"})
        confirmed = (await browser.get("/supervision/quality?state=confirmed&check=empty")).text
        wrong = await browser.get("/supervision/quality?state=lost")
    assert "已确认" in done.text and "确是空话" in confirmed and wrong.status_code == 422

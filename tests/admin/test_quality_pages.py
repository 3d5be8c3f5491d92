"""Findings on their page and in the interface, hints beside a reply that is being written; each role reads its own."""

from typing import Any

import pytest

from admin.staff.quality import rates
from core.auth import SYSTEM
from core.database import transaction
from routing import quality, tickets
from routing.quality import Narrowed
from tests.admin.staffing import NAME, PHONE, World

EMPTY = "已收悉，已转相关部门处理。"
FINDINGS = "/api/v1/staff/quality/findings"


@pytest.fixture(autouse=True)
def _unlimited() -> None:
    rates.forget()


async def _found(world: World, check: str = "empty", *, result: str = EMPTY, **changes: Any) -> tuple[str, int]:
    """Reply to a ticket and review it; return its number and the finding's id."""
    number = await world.moved(
        await world.dispatched(**changes), ("lamps", "accept", {}), ("lamps", "reply", {"result": result})
    )
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=SYSTEM)
        await quality.review_ticket(session, ticket)
        found = await quality.listing(session, Narrowed(check=check), actor=SYSTEM)
    return number, next(each.finding.id for each in found if each.ticket.number == number)


async def test_findings_are_shown_decided_and_seen_by_the_department(world: World) -> None:
    number, id = await _found(world)
    async with world.browser("lamps") as browser:
        own = (await browser.get("/supervision/quality")).text
        refused = await browser.post(f"/supervision/quality/{id}", data={"then": "dismiss", "reason": "不是"})
        hinted = await browser.post(f"/supervision/hints/{number}", data={"result": "我局将尽快处理。"})
        departments = (await browser.get("/supervision/quality/departments")).text
    assert number in own and "<mark>" in own and refused.status_code == 403
    assert "承诺无期限" in hinted.text and "空话答复" in departments
    async with world.browser("power") as browser:
        assert number not in (await browser.get("/supervision/quality")).text
        assert number not in (await browser.get("/supervision/quality?department=urban_management")).text
        assert (await browser.post(f"/supervision/hints/{number}", data={"result": "x"})).status_code == 404
    async with world.browser("zhou") as browser:
        done = await browser.post(f"/supervision/quality/{id}", data={"then": "confirm", "reason": "确是空话"})
        confirmed = (await browser.get("/supervision/quality?state=confirmed&check=empty")).text
        wrong = await browser.get("/supervision/quality?state=lost")
    assert "已确认" in done.text and "确是空话" in confirmed and wrong.status_code == 422


async def test_the_interface_lists_counts_decides_and_exports(world: World) -> None:
    number, id = await _found(world)
    async with world.client("zhou") as client:
        listed = (await client.get(FINDINGS, params={"check": "empty", "department": "urban_management"})).json()
        numbers = (await client.get("/api/v1/staff/quality/numbers")).json()
        paged = (await client.get(FINDINGS, params={"limit": 1})).json()
        dismissed = await client.post(f"{FINDINGS}/{id}/dismiss", json={"reason": "另有电话答复"})
        again = await client.post(f"{FINDINGS}/{id}/confirm", json={"reason": "是空话"})
        without = await client.post(f"{FINDINGS}/{id}/confirm", json={"reason": " "})
        export = await client.get(f"{FINDINGS}/export", params={"state": "dismissed"})
    (shown,) = listed["findings"]
    assert (shown["number"], shown["id"], shown["state"]) == (number, id, "open")
    assert numbers["checks"]["empty"] == 1 == numbers["departments"]["urban_management"]["empty"]
    assert paged["next"] == paged["findings"][0]["id"]
    assert dismissed.json() == {"id": id, "state": "dismissed", "reason": "另有电话答复"}
    assert (again.status_code, without.status_code) == (409, 422)
    assert export.text.splitlines()[1].startswith(f"{number},空话答复,2,已排除,") and EMPTY not in export.text


@pytest.mark.parametrize("login", ["lin", "lamps", "power", "editor", None])
async def test_who_may_not_decide_is_refused_everywhere(world: World, login: str | None) -> None:
    number, id = await _found(world)
    async with world.client(login) as client, world.browser(login) as browser:
        answers = [
            await client.post(f"{FINDINGS}/{id}/confirm", json={"reason": "是"}),
            await client.post(f"{FINDINGS}/{id}/dismiss", json={"reason": "否"}),
            await client.get("/api/v1/staff/quality/lessons"),
            await browser.post(f"/supervision/quality/{id}", data={"then": "confirm", "reason": "是"}),
        ]
        reads = [
            await client.get(FINDINGS),
            await client.get(f"{FINDINGS}/export"),
            await browser.get("/supervision/quality"),
        ]
    assert {each.status_code for each in answers[:3]} == ({401} if login is None else {403})
    assert answers[3].status_code in (303, 401, 403)
    if login in ("power", "editor", None):
        assert not any(number in each.text for each in reads)
    async with transaction() as session:
        assert id in [each.finding.id for each in await quality.listing(session, Narrowed(check="empty"), actor=SYSTEM)]


async def test_of_a_sealed_ticket_only_supervisors_and_the_lead_read_findings(world: World) -> None:
    number, _ = await _found(world)
    await world.moved(number, ("zhou", "seal", {"reason": "涉密"}))
    for login, seen in (("zhou", True), ("lamps", True), ("lin", False), ("power", False)):
        async with world.client(login) as client:
            listed = (await client.get(FINDINGS)).text
            counted = (await client.get("/api/v1/staff/quality/numbers")).json()
            export = (await client.get(f"{FINDINGS}/export")).text
        assert (number in listed, number in export) == (seen, seen), login
        assert bool(counted["checks"]["empty"]) is seen, login
        # Its words are read where every opening is recorded.
        async with world.browser(login) as browser:
            page = (await browser.get("/supervision/quality")).text
        assert (number in page) is seen and not any(EMPTY[:5] in each or "路灯坏了" in each for each in (listed, page))


async def test_nothing_of_the_author_is_left_where_a_ticket_becomes_secret(world: World) -> None:
    said = f"我局将尽快联系王小明（电话{PHONE}）处理路灯。"
    number, id = await _found(world, "promise_without_date", result=said)
    async with transaction() as session:
        await quality.decide(session, id, actor=world.actors["zhou"], confirmed=True, reason=f"{NAME} 说没有人来过")
    await world.moved(number, ("zhou", "correct", {"reason": "是举报", "request_type": "tip_off"}))
    async with world.client("lamps") as client:
        for state in ("open", "confirmed"):
            listed = (await client.get(FINDINGS, params={"state": state})).text
            assert NAME not in listed and PHONE not in listed and "王" not in listed


async def test_a_reply_reads_as_on_its_tickets_page_and_a_request_is_masked(world: World) -> None:
    office = "0571-88880000"
    said = f"我局将尽快修复，已电话告知{PHONE}，有事请打{office}。"
    number, _ = await _found(world, "promise_without_date", result=said)
    async with world.browser("zhou") as browser, world.client("zhou") as client:
        shown = (await browser.get("/supervision/quality?check=promise_without_date")).text
        ticket = (await browser.get(f"/workbench/{number}")).text
        listed = (await client.get(FINDINGS, params={"check": "promise_without_date"})).text
        hinted = (await browser.post(f"/supervision/hints/{number}", data={"result": said})).text
    for read in (shown, ticket, listed):
        assert office in read and "138****8000" in read
        assert PHONE not in read and "13911112222" not in read  # the citizen's, and a colleague's in the request
    assert office in hinted  # whoever writes it sees what they wrote


async def test_hints_are_asked_for_at_most_once_a_second(world: World) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    asked = {"number": number, "result": "我局将尽快处理。"}
    async with world.client("lamps") as client, world.browser("lamps") as browser:
        answers = [(await client.post("/api/v1/staff/quality/hints", json=asked)).status_code for _ in range(61)]
        page = await browser.post(f"/supervision/hints/{number}", data={"result": "我局将尽快处理。"})
    assert answers == [200] * 60 + [429]
    assert page.status_code == 200 and "答复照常可以提交" in page.text


async def test_what_was_learnt_is_shown_with_its_reason(world: World) -> None:
    from routing.quality.rules import quality as rules

    for _ in range(rules().lessons.decided_from):
        _, id = await _found(world)
        async with transaction() as session:
            await quality.decide(session, id, actor=world.actors["zhou"], confirmed=False, reason="另有电话答复")
    async with world.browser("zhou") as browser, world.client("zhou") as client:
        page = (await browser.get("/supervision/quality?state=quiet")).text
        learnt = (await client.get("/api/v1/staff/quality/lessons")).json()["lessons"]
        opened = await browser.get(
            "/supervision/quality?state=dismissed&check=empty&department=urban_management&category=utilities"
        )
    assert "从排除中学到的" in page and f"{rules().lessons.decided_from} 条里排除了" in page
    assert [(each["check"], each["category"]) for each in learnt] == [("empty", "utilities")]
    assert opened.text.count('class="panel finding"') == rules().lessons.decided_from
    async with world.browser("lamps") as browser:
        assert "从排除中学到的" not in (await browser.get("/supervision/quality?state=quiet")).text

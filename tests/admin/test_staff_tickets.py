import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot import conversations
from channels import attachments, images
from core import clock, ledger
from core.auth import Actor
from core.database import transaction
from core.privacy import mask_phone
from routing import figures, steps, tickets
from tests.admin.staffing import NAME, PHONE, World
from tests.channels.web.test_web_attachments import png

TICKETS = "/api/v1/staff/tickets"

DISPATCH = ("dispatch", {"department": "urban_management"})
REPLY = {"result": "路灯已修好。", "basis": "《城市照明管理规定》"}
SURVEY: dict[str, Any] = {"contacted": True, "solved": True, "satisfied": 5}

# Command, what it takes, what has happened before, who may give it, the state it leads to.
COMMANDS: list[tuple[str, dict[str, Any], list[tuple[str, str, dict[str, Any]]], set[str], str]] = [
    ("dispatch", {"department": "urban_management"}, [], {"lin", "zhou", "admin"}, "dispatched"),
    ("accept", {}, [("lin", *DISPATCH)], {"lamps"}, "accepted"),
    ("contact", {"note": "已通话"}, [("lin", *DISPATCH), ("lamps", "accept", {})], {"lamps"}, "accepted"),
    ("return", {"reason": "不是我局职责"}, [("lin", *DISPATCH)], {"lamps"}, "returned"),
    (
        "ruling",
        {"upheld": True, "department": "power_supply"},
        [("lin", *DISPATCH), ("lamps", "return_to_centre", {"reason": "不是我局职责"})],
        {"zhou", "admin"},
        "dispatched",
    ),
    (
        "reassign",
        {"department": "power_supply", "reason": "灯杆归供电公司"},
        [("lin", *DISPATCH)],
        {"zhou", "admin"},
        "dispatched",
    ),
    ("correct", {"urgency": "urgent", "reason": "整条路不亮"}, [("lin", *DISPATCH)], {"zhou", "admin"}, "dispatched"),
    ("reply", REPLY, [("lin", *DISPATCH), ("lamps", "accept", {})], {"lamps"}, "replied"),
    (
        "callback",
        SURVEY,
        [("lin", *DISPATCH), ("lamps", "accept", {}), ("lamps", "reply", REPLY)],
        {"lin", "zhou", "admin"},
        "closed",
    ),
    ("close", {"reason": "已在电话里解答"}, [], {"lin", "zhou", "admin"}, "closed"),
]
# Who sees a ticket that 城管 leads, and so is told 403 rather than 404 when a command is not theirs.
SEES = {"lin", "zhou", "admin", "lamps"}


async def numbers(client: httpx.AsyncClient, **asked: Any) -> list[str]:
    return [each["number"] for each in (await client.get(TICKETS, params=asked)).json()["tickets"]]


@pytest.mark.parametrize(
    ("command", "body", "before", "givers", "leads_to"), COMMANDS, ids=[each[0] for each in COMMANDS]
)
async def test_a_command_is_for_those_whose_it_is_and_only_in_its_state(
    world: World, command: str, body: dict[str, Any], before: list[Any], givers: set[str], leads_to: str
) -> None:
    number = await world.moved(await world.opened(), *before)
    address = f"{TICKETS}/{number}/{command}"
    for login in ("lin", "zhou", "lamps", "power", "editor", "admin"):
        if login in givers:
            continue
        async with world.client(login) as client:
            answer = await client.post(address, json=body)
        dispatched = bool(before)
        seen = login in SEES and (dispatched or login != "lamps")
        assert answer.status_code == (403 if seen else 404), login
        assert answer.json()["detail"]
    giver = sorted(givers)[0]
    async with world.client(giver) as client:
        shown = (await client.get(f"{TICKETS}/{number}")).json()
        assert command in shown["allowed"]
        answer = await client.post(address, json=body)
        assert answer.status_code == 200
        assert answer.json()["state"] == leads_to
        if command not in {"contact", "reassign"}:  # which may follow one another
            again = await client.post(address, json=body)
            assert again.status_code == 409
            assert "不能" in again.json()["detail"] or "没有要更正的" in again.json()["detail"]


async def test_what_is_missing_or_too_much_is_named(world: World) -> None:
    number = await world.opened()
    async with world.client("lin") as client:
        answer = await client.post(f"{TICKETS}/{number}/dispatch", json={"reason": "x"})
        assert answer.status_code == 422
        assert "department" in answer.json()["detail"]
        answer = await client.post(f"{TICKETS}/{number}/dispatch", json={"department": "no_such"})
        assert answer.status_code == 422
        assert answer.json()["detail"] == "没有这个部门，请从部门列表里选择。"
        answer = await client.post(f"{TICKETS}/{number}/dispatch", json={"department": "a" * 100_000})
        assert answer.status_code == 422


async def test_a_department_sees_its_own_tickets_and_no_trace_of_others(world: World) -> None:
    own, foreign = await world.dispatched(), await world.dispatched("power_supply")
    async with world.client("lamps") as client:
        page = (await client.get(TICKETS)).json()
        assert [each["number"] for each in page["tickets"]] == [own]
        assert sum(page["counts"].values()) == 1
        asked = (await client.get(TICKETS, params={"department": "power_supply"})).json()
        assert asked["tickets"] == []
        there = await client.get(f"{TICKETS}/{foreign}")
        missing = await client.get(f"{TICKETS}/20200101-000001")
    assert there.status_code == missing.status_code == 404
    assert there.json() == missing.json()


async def test_the_centre_sees_all_and_an_editor_none(world: World) -> None:
    await world.dispatched()
    await world.dispatched("power_supply")
    async with world.client("lin") as agent, world.client("editor") as editor:
        assert len((await agent.get(TICKETS)).json()["tickets"]) == 2
        assert (await editor.get(TICKETS)).json()["tickets"] == []


async def test_the_nearest_end_of_a_clock_comes_first_and_pages_follow(world: World) -> None:
    now = clock.now()
    with clock.set_to(now - timedelta(days=20)):
        late = await world.dispatched(title="很久以前的路灯")
    soon = await world.dispatched(title="今天的路灯", urgency="critical")
    plain = await world.dispatched(title="普通的路灯")
    async with world.client("zhou") as client:
        page = (await client.get(TICKETS)).json()
        assert [each["number"] for each in page["tickets"]] == [late, soon, plain]
        assert page["tickets"][0]["next_clock"]["state"] == "overdue"
        first = (await client.get(TICKETS, params={"limit": 2})).json()
        second = (await client.get(TICKETS, params={"limit": 2, "skip": first["next"]})).json()
        assert [each["number"] for each in second["tickets"]] == [plain] and second["next"] is None
        assert await numbers(client, q="今天") == [soon]


async def test_a_co_handler_reads_when_its_part_ends(world: World) -> None:
    number = await world.dispatched()
    path = f"/api/v1/staff/tickets/{number}/part"
    asked = {"department": "power_supply", "text": "请核实供电", "working_days": 2}
    async with world.client("lin") as agent, world.client("power") as other, world.client("lamps") as lead:
        assert (await agent.post(path, json=asked)).status_code == 200
        (theirs,) = (await other.get("/api/v1/staff/tickets", params={"state": "parts"})).json()["tickets"]
        (leads,) = (await lead.get("/api/v1/staff/tickets")).json()["tickets"]
        assert (theirs["next_clock"]["kind"], theirs["next_clock"]["name"]) == ("part", "协办事项")
        assert leads["next_clock"]["kind"] == "accept"


async def test_a_citizens_number_finds_their_tickets_for_the_centre_only(world: World) -> None:
    number = await world.dispatched()
    async with world.client("lin") as agent, world.client("lamps") as department:
        assert await numbers(agent, q=PHONE) == [number]
        assert await numbers(department, q=PHONE) == []


async def test_personal_data_are_masked_wherever_a_ticket_is_shown(world: World) -> None:
    number = await world.dispatched()
    async with world.client("lin") as client:
        text = (await client.get(f"{TICKETS}/{number}")).text + (await client.get(TICKETS)).text
    assert PHONE not in text and NAME not in text and "13911112222" not in text
    assert mask_phone(PHONE) in text and mask_phone("13911112222") in text and "王**" in text


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ("12", 422),
        ("abc", 422),
        ("1380013800", 422),
        (PHONE, 201),
        ("0755-8300 1234", 201),
        ("83001234", 201),
        ("", 201),
    ],
)
async def test_a_caller_is_called_back_on_a_telephone_number(world: World, phone: str, status: int) -> None:
    body = {"request_type": "assistance", "title": "路灯不亮", "description": "门前的路灯坏了三天。", "phone": phone}
    async with world.client("lin") as client:
        answer = await client.post(TICKETS, json=body)
    assert answer.status_code == status
    assert status == 201 or answer.json()["detail"] == "联系电话不是有效的电话号码，请核对后再提交。"


async def test_a_state_that_no_ticket_has_is_refused(world: World) -> None:
    async with world.client("lin") as client:
        assert (await client.get(TICKETS, params={"state": "foo"})).status_code == 422
        assert (await client.get(TICKETS, params={"state": "new"})).status_code == 200


@pytest.mark.parametrize("reason", ["", "核实地点", "！！！！！！！", "1 1 1 1 1 1"])
async def test_no_reason_is_no_reason_for_revealing(world: World, reason: str) -> None:
    number = await world.dispatched()
    async with world.client("lamps") as client, world.browser("lamps") as browser:
        answer = await client.post(f"{TICKETS}/{number}/reveal", json={"reason": reason})
        page = await browser.post(
            f"/workbench/{number}/reveal", data={"reason": reason}, headers={"HX-Request": "true"}
        )
        ticket = (await client.get(f"{TICKETS}/{number}")).json()
    assert (answer.status_code, page.status_code) == (422, 422)
    assert "请写明查看的理由" in answer.json()["detail"] and ("请写明查看的理由" in page.text or not reason)
    assert "revealed" not in {step["kind"] for step in ticket["steps"]}


async def test_revealing_needs_a_reason_and_leaves_a_trace(world: World) -> None:
    number = await world.dispatched()
    async with world.client("lamps") as client:
        assert (await client.post(f"{TICKETS}/{number}/reveal", json={"reason": " "})).status_code == 422
        answer = await client.post(f"{TICKETS}/{number}/reveal", json={"reason": "联系诉求人核实地点"})
        assert answer.json() == {"name": NAME, "phone": PHONE}
        steps = (await client.get(f"{TICKETS}/{number}")).json()["steps"]
    assert (steps[0]["kind"], steps[0]["actor"]) == ("revealed", "城管 李工")
    async with transaction() as session:
        events = await ledger.history(session, f"ticket:{number}")
    assert [event.kind for event in events].count("ticket.revealed") == 1
    assert PHONE not in str([event.data for event in events])


@pytest.mark.parametrize("changes", [{"confidential": True}, {"request_type": "tip_off"}])
async def test_a_department_never_learns_who_wrote_a_confidential_ticket(world: World, changes: dict[str, Any]) -> None:
    number = await world.dispatched(**changes)
    async with world.client("lamps") as client:
        shown = (await client.get(f"{TICKETS}/{number}")).json()
        assert shown["citizen"] == {"name": "", "phone": "", "hidden": True}
        answer = await client.post(f"{TICKETS}/{number}/reveal", json={"reason": "联系诉求人核实地点"})
        assert answer.status_code == 403
    async with world.client("lin") as client:
        answer = await client.post(f"{TICKETS}/{number}/reveal", json={"reason": "回访诉求人核实"})
        assert answer.json()["phone"] == PHONE


async def test_dispatch_is_offered_with_candidates_and_their_reasons(world: World) -> None:
    number = await world.opened()
    async with world.client("lin") as client:
        candidates = (await client.get(f"{TICKETS}/{number}")).json()["candidates"]
    assert candidates[0]["code"] == "urban_management"
    assert candidates[0]["score"] > candidates[-1]["score"]
    assert "《城市照明管理规定》" in candidates[0]["evidence"][0]
    assert 0 < candidates[0]["risk"] < candidates[-1]["risk"] < 1


async def test_a_corrected_category_brings_the_ranking_of_departments_back(world: World) -> None:
    number = await world.dispatched()
    async with world.client("zhou") as client:
        before = (await client.get(f"{TICKETS}/{number}")).json()
        answer = await client.post(
            f"{TICKETS}/{number}/correct", json={"category": "utilities.power.outage", "reason": "是停电"}
        )
        shown = answer.json()
        assert (before["reconsider"], shown["reconsider"]) == (False, True)
        assert shown["category_path"].endswith("停电与电压不稳") and shown["candidates"][0]["code"] == "power_supply"
        again = await client.post(f"{TICKETS}/{number}/correct", json={"urgency": "urgent", "reason": "整栋楼停电"})
        assert again.json()["reconsider"]
        moved = await client.post(
            f"{TICKETS}/{number}/reassign", json={"department": "power_supply", "reason": "属于供电"}
        )
    assert not moved.json()["reconsider"]
    async with world.client("power") as client:  # which cannot correct, and is not asked to
        assert not (await client.get(f"{TICKETS}/{number}")).json()["reconsider"]


async def test_urgency_alone_asks_for_no_other_department(world: World) -> None:
    number = await world.dispatched("power_supply")  # as the dispatcher wanted, against the catalogue
    async with world.client("zhou") as client:
        answer = await client.post(f"{TICKETS}/{number}/correct", json={"urgency": "urgent", "reason": "整栋楼停电"})
    assert answer.status_code == 200 and not answer.json()["reconsider"]


@pytest.mark.parametrize(
    "body",
    [
        {"category": "no.such", "reason": "更正"},
        {"request_type": "wish", "reason": "更正"},
        {"urgency": "urgent"},
        {"urgency": "urgent", "confidential": False, "reason": "更正"},
    ],
)
async def test_a_correction_to_what_does_not_exist_is_refused(world: World, body: dict[str, Any]) -> None:
    number = await world.dispatched()
    async with world.client("zhou") as client:
        answer = await client.post(f"{TICKETS}/{number}/correct", json=body)
    assert answer.status_code == 422
    assert "category" not in body or answer.json()["detail"] == "没有这个事项，请从事项列表里选择。"


async def test_a_tip_off_that_is_corrected_shows_its_author_to_no_department(world: World) -> None:
    number = await world.dispatched(request_type="tip_off")
    async with world.client("zhou") as client:
        await client.post(f"{TICKETS}/{number}/correct", json={"request_type": "complaint", "reason": "不是举报"})
    async with world.client("lamps") as client:
        shown = (await client.get(f"{TICKETS}/{number}")).json()
        answer = await client.post(f"{TICKETS}/{number}/reveal", json={"reason": "联系诉求人核实地点"})
    assert (shown["request_type"], shown["confidential"]) == ("complaint", True)
    assert shown["citizen"] == {"name": "", "phone": "", "hidden": True} and answer.status_code == 403


async def test_of_two_agents_who_dispatch_at_once_one_is_told_no(world: World) -> None:
    number = await world.opened()
    async with world.client("lin") as one, world.client("he") as other:
        answers = await asyncio.gather(
            one.post(f"{TICKETS}/{number}/dispatch", json={"department": "urban_management"}),
            other.post(f"{TICKETS}/{number}/dispatch", json={"department": "power_supply"}),
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_an_agent_opens_a_ticket_for_a_caller(world: World) -> None:
    body = {
        "request_type": "assistance",
        "category": "utilities.lighting.lamp_out",
        "title": "建设路12号门前路灯不亮",
        "description": "门前的路灯坏了三天。",
        "district": "zhaoxia",
        "street": "zhaoxia_gulou",
        "name": NAME,
        "phone": PHONE,
    }
    async with world.client("lin") as client:
        answer = await client.post(TICKETS, json=body)
        assert answer.status_code == 201
        opened = answer.json()
        shown = (await client.get(f"{TICKETS}/{opened['number']}")).json()
        assert (shown["channel"], shown["state"], shown["place"]) == ("phone", "new", "朝霞区鼓楼街道")
        assert shown["steps"][-1]["actor"] == "坐席 林晓"
        assert (await client.post(TICKETS, json=body | {"street": "wangjiang_nanshan"})).status_code == 422
        assert (await client.post(TICKETS, json=body | {"category": "no.such"})).status_code == 422
    status = f"/api/v1/tickets/{opened['number']}"
    async with world.client() as citizen:
        assert (await citizen.get(status, params={"code": opened["code"]})).status_code == 200
    async with world.client("lamps") as client:
        assert (await client.post(TICKETS, json=body)).status_code == 403


async def test_the_whole_road_is_walked_by_its_people(world: World) -> None:
    number = await world.opened()
    road = [
        ("lin", "dispatch", {"department": "urban_management"}),
        ("lamps", "accept", {}),
        ("lamps", "contact", {"note": "已通话"}),
        ("lamps", "reply", REPLY),
        ("lin", "callback", SURVEY),
    ]
    for login, command, body in road:
        async with world.client(login) as client:
            assert (await client.post(f"{TICKETS}/{number}/{command}", json=body)).status_code == 200
    await figures.catch_up()
    today = clock.now().date()
    async with transaction() as session:
        rates = await figures.rates(session, start=today - timedelta(days=1), end=today + timedelta(days=1))
    assert rates["closed"] == 1 and rates["solution_rate"] == 1.0


async def test_a_photo_is_seen_by_whoever_sees_its_ticket_and_names_no_conversation(world: World) -> None:
    async with transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")
    first, second = (attachments.keep(conversation.id, png()).id for _ in range(2))
    photo = {"kind": "image", "id": first}
    fetched_later = {"kind": "image", "id": attachments.foretold(conversation.id, "m"), "door": "wechat"}
    number = await world.dispatched(request_type="tip_off", attachments=[photo, fetched_later])
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=world.actors["lin"])
        await steps.record(
            session, ticket, "supplemented", actor=Actor(kind="citizen"), attachments=[photo | {"id": second}]
        )

    for login in ("lin", "lamps"):
        async with world.client(login) as client:
            shown = await client.get(f"{TICKETS}/{number}")
            pictures = [await client.get(f"{TICKETS}/{number}/attachments/{index}") for index in (1, 2, 3, 4)]
        async with world.browser(login) as browser:
            page = await browser.get(f"/workbench/{number}")
        assert [each["available"] for each in shown.json()["attachments"]] == [True, False, True]
        assert conversation.id not in shown.text + page.text
        assert page.text.count('alt="照片') == 2
        assert [each.status_code for each in pictures] == [200, 404, 200, 404]
        assert pictures[0].headers["content-type"] == "image/png"
        assert pictures[0].content == images.clean(png()).content
    for login in ("power", "editor"):
        async with world.client(login) as client:
            assert (await client.get(f"{TICKETS}/{number}/attachments/1")).status_code == 404
    async with world.client() as stranger:
        assert (await stranger.get(f"{TICKETS}/{number}/attachments/1")).status_code == 401

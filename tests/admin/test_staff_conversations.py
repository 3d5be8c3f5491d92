import asyncio
import json
from typing import Any

import pytest

from bot import conversations
from channels import attachments, images
from core.database import transaction
from routing import commands, tickets
from tests.admin.staffing import NAME, PHONE, World
from tests.channels.web.test_web_attachments import png

CONVERSATIONS = "/api/v1/staff/conversations"

FORM: dict[str, Any] = {
    "version": 1,
    "summary": f"路灯不亮 建设路12号 我电话{PHONE}",
    "understood": {
        "request_type": "assistance",
        "category": "utilities.lighting.lamp_out",
        "path": ["公共事业", "路灯照明", "路灯不亮"],
        "confidence": 0.91,
        "urgency": "general",
        "evidence": ["我家门口的路灯坏了好几天了"],
    },
    "form": {
        "description": "建设路12号门前的路灯坏了",
        "request_type": "assistance",
        "category": "utilities.lighting.lamp_out",
        "category_name": "路灯不亮",
        "urgency": "general",
        "place": {"text": "建设路12号", "district": "zhaoxia", "street": "zhaoxia_gulou", "candidates": []},
        "happened": "三天前",
        "name": NAME,
        "phone": PHONE,
        "confidential": False,
        "elements": {},
        "media": [],
    },
    "tickets": [],
}


async def test_an_agent_takes_speaks_and_gives_back(world: World) -> None:
    id = await world.waiting()
    async with world.client("lin") as client:
        queue = (await client.get(f"{CONVERSATIONS}/waiting")).json()
        assert [each["conversation"] for each in queue["waiting"]] == [id] and queue["mine"] == []
        assert (await client.post(f"{CONVERSATIONS}/{id}/take")).status_code == 204
        said = await client.post(f"{CONVERSATIONS}/{id}/say", json={"text": "您好，我是坐席林晓。"})
        assert said.status_code == 201
        queue = (await client.get(f"{CONVERSATIONS}/waiting")).json()
        assert queue["waiting"] == [] and [each["conversation"] for each in queue["mine"]] == [id]
        assert (await client.post(f"{CONVERSATIONS}/{id}/give-back")).status_code == 204
        assert (await client.get(f"{CONVERSATIONS}/{id}")).status_code == 404
    async with transaction() as session:
        heard = [each.text for each in await conversations.messages(session, id) if each.sender == "agent"]
    assert heard == ["您好，我是坐席林晓。"]


async def test_an_emergency_is_taken_before_all_others(world: World) -> None:
    first, urgent = await world.waiting(), await world.waiting("有人溺水", reason="emergency")
    async with world.client("lin") as client:
        queue = (await client.get(f"{CONVERSATIONS}/waiting")).json()
    assert [each["conversation"] for each in queue["waiting"]] == [urgent, first]


async def test_the_second_agent_is_told_who_has_the_conversation(world: World) -> None:
    id = await world.waiting()
    async with world.client("lin") as one, world.client("he") as other:
        assert (await one.post(f"{CONVERSATIONS}/{id}/take")).status_code == 204
        assert (await one.post(f"{CONVERSATIONS}/{id}/take")).status_code == 204  # a second click is no error
        late = await other.post(f"{CONVERSATIONS}/{id}/take")
        assert late.status_code == 409
        assert late.json()["detail"] == "这个对话已由坐席 林晓接听。"
        assert (await other.post(f"{CONVERSATIONS}/{id}/say", json={"text": "您好"})).status_code == 409


async def test_of_two_agents_who_take_at_once_exactly_one_gets_it(world: World) -> None:
    id = await world.waiting()
    async with world.client("lin") as one, world.client("he") as other:
        answers = await asyncio.gather(*(each.post(f"{CONVERSATIONS}/{id}/take") for each in (one, other)))
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_names_and_numbers_are_masked_until_the_conversation_is_taken(world: World) -> None:
    id = await world.waiting(f"路灯坏了，我叫{NAME}，电话{PHONE}", state=json.dumps(FORM))
    async with world.client("lin") as client:
        queue = (await client.get(f"{CONVERSATIONS}/waiting")).text
        before = (await client.get(f"{CONVERSATIONS}/{id}")).text
        await client.post(f"{CONVERSATIONS}/{id}/take")
        after = (await client.get(f"{CONVERSATIONS}/{id}")).json()
    assert PHONE not in queue and PHONE not in before
    assert after["form"]["phone"] == PHONE


async def test_what_the_bot_remembers_is_masked_until_the_conversation_is_taken(world: World) -> None:
    told = {"version": 1, "waiting": f"楼下烧烤太吵，打{PHONE}没人接"}
    id = await world.waiting(state=json.dumps(FORM | told))
    async with world.client("lin") as client, world.client("editor") as other:
        before = (await client.get(f"{CONVERSATIONS}/{id}/remembered")).json()
        assert (await other.get(f"{CONVERSATIONS}/{id}/remembered")).status_code == 403
        await client.post(f"{CONVERSATIONS}/{id}/take")
        after = (await client.get(f"{CONVERSATIONS}/{id}/remembered")).json()
    assert before["matter"]["phone"] == "138****8000" and PHONE not in json.dumps(before)
    assert before["waiting"] == [{"text": "楼下烧烤太吵，打138****8000没人接", "question": False}]
    assert after["matter"]["phone"] == PHONE and after["matter"]["name"] == NAME


@pytest.mark.parametrize("login", ["lamps", "editor"])
async def test_conversations_are_for_agents(world: World, login: str) -> None:
    id = await world.waiting()
    async with world.client(login) as client:
        for answer in (
            await client.get(f"{CONVERSATIONS}/waiting"),
            await client.get(f"{CONVERSATIONS}/{id}"),
            await client.post(f"{CONVERSATIONS}/{id}/take"),
            await client.post(f"{CONVERSATIONS}/{id}/say", json={"text": "您好"}),
            await client.post(f"{CONVERSATIONS}/{id}/give-back"),
        ):
            assert answer.status_code == 403


async def test_an_agent_opens_a_ticket_in_a_conversation_and_the_citizen_gets_number_and_code(world: World) -> None:
    id = await world.waiting(state=json.dumps(FORM))
    body = {
        "request_type": "assistance",
        "title": "建设路12号门前路灯不亮",
        "description": "门前的路灯坏了三天。",
        "conversation": id,
    }
    async with world.client("lin") as holder, world.client("he") as other:
        await holder.post(f"{CONVERSATIONS}/{id}/take")
        assert (await other.post("/api/v1/staff/tickets", json=body)).status_code == 409
        opened = (await holder.post("/api/v1/staff/tickets", json=body)).json()
        shown = (await holder.get(f"/api/v1/staff/tickets/{opened['number']}")).json()
        context = (await holder.get(f"{CONVERSATIONS}/{id}")).json()
    assert shown["channel"] == "web"
    assert context["tickets"] == [opened["number"]]
    last = context["messages"][-1]
    assert (last["sender"], last["type"], last["code"]) == ("agent", "ticket", opened["code"])
    async with world.client("lin") as client:
        listed = (await client.get("/api/v1/staff/tickets")).json()["tickets"]
    assert len(listed) == 1  # nothing was opened for the agent who did not hold it


async def with_photos(id: str) -> None:
    """Let the citizen send a photo, say a word, and send two more of which WeChat's is not fetched yet."""
    later = {"kind": "image", "id": attachments.foretold(id, "m"), "door": "wechat"}
    first, second = ({"kind": "image", "id": attachments.keep(id, png()).id} for _ in range(2))
    async with transaction() as session:
        await conversations.receive(session, id, text="", key="p1", data={"media": [first]})
        await conversations.receive(session, id, text="就是这里", key="p2", data={})
        await conversations.receive(session, id, text="还有", key="p3", data={"media": [later, second]})


async def test_the_photos_of_a_conversation_go_with_the_next_ticket_and_with_no_second_one(world: World) -> None:
    id = await world.waiting(state=json.dumps(FORM | {"photos": [{"kind": "image", "id": "x"}]}))
    await with_photos(id)
    body = {"request_type": "assistance", "title": "路灯不亮", "description": "路灯坏了。", "conversation": id}
    address = "/api/v1/staff/tickets"
    async with world.client("lin") as client:
        await client.post(f"{CONVERSATIONS}/{id}/take")
        first = (await client.post(address, json=body)).json()
        second = (await client.post(address, json=body)).json()["number"]
        added, new = ({"kind": "image", "id": attachments.keep(id, png()).id} for _ in range(2))
        async with transaction() as session:
            assert json.loads((await conversations.get(session, id)).state or "{}")["photos"] == []
            code = (await conversations.messages(session, id))[-1].data["code"]
            await conversations.receive(session, id, text="", key="p4", data={"media": [added, new]})
            await commands.supplement(session, second, code, text="", attachments=[added])
        third = (await client.post(address, json=body)).json()["number"]
        shown = [(await client.get(f"{address}/{each}")).json() for each in (first["number"], second, third)]
    assert [[each["available"] for each in ticket["attachments"]] for ticket in shown] == [
        [True, False, True],
        [True],
        [True],
    ]
    async with transaction() as session:
        assert (await tickets.find(session, third, actor=world.actors["lin"])).attachments == [new]


async def test_the_agent_who_has_the_conversation_sees_its_photos_and_nobody_else_does(world: World) -> None:
    id = await world.waiting()
    await with_photos(id)
    async with world.client("lin") as client, world.browser("lin") as browser:
        messages = (await client.get(f"{CONVERSATIONS}/{id}")).json()["messages"]
        address, later = (f"{CONVERSATIONS}/{id}/messages/{messages[place]['id']}/attachments" for place in (1, 3))
        assert (await client.get(f"{address}/1")).status_code == 404
        waiting = await browser.get(f"/desk?conversation={id}")
        assert "接听后可以查看" in waiting.text and "/attachments" not in waiting.text
        await client.post(f"{CONVERSATIONS}/{id}/take")
        messages = (await client.get(f"{CONVERSATIONS}/{id}")).json()["messages"]
        pictures = [await client.get(one) for one in (f"{address}/1", f"{later}/1", f"{later}/2", f"{later}/3")]
        page = (await browser.get(f"/desk?conversation={id}")).text
        log = (await browser.get(f"/desk/conversations/{id}/messages")).text
    assert [each["photos"] for each in messages if each["photos"]] == [
        [{"index": 1, "available": True}],
        [{"index": 1, "available": False}, {"index": 2, "available": True}],
    ]
    assert [each.status_code for each in pictures] == [200, 404, 200, 404]
    assert pictures[0].headers["content-type"] == "image/png"
    assert pictures[0].headers["cache-control"] == "no-store"
    assert pictures[0].content == images.clean(png()).content
    for shown in (page, log):
        assert f'<img src="{address}/1' in shown and f'<img src="{later}/2' in shown and "还没有取到" in shown
    for login, status in (("he", 404), ("zhou", 404), ("lamps", 403), ("editor", 403)):
        async with world.client(login) as client:
            assert (await client.get(f"{address}/1")).status_code == status, login
    async with world.client() as stranger:
        assert (await stranger.get(f"{address}/1")).status_code == 401


async def test_a_photo_of_a_conversation_is_not_seen_through_another_or_after_it_was_given_back(world: World) -> None:
    own, foreign = await world.waiting(), await world.waiting()
    await with_photos(foreign)
    async with world.client("lin") as client:
        sent = (await client.get(f"{CONVERSATIONS}/{foreign}")).json()["messages"][1]["id"]
        photo = f"{CONVERSATIONS}/{foreign}/messages/{sent}/attachments/1"
        await client.post(f"{CONVERSATIONS}/{own}/take")
        assert (await client.get(photo.replace(foreign, own))).status_code == 404
        assert (await client.get(photo)).status_code == 404
        await client.post(f"{CONVERSATIONS}/{foreign}/take")
        assert (await client.get(photo)).status_code == 200
        await client.post(f"{CONVERSATIONS}/{foreign}/give-back")
        assert (await client.get(photo)).status_code == 404

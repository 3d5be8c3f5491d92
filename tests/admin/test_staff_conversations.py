import asyncio
import json
from typing import Any

import pytest

from bot import conversations
from core.database import transaction
from tests.admin.staffing import NAME, PHONE, World

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

"""The bot as the agent's whisper: it proposes, and never speaks itself."""

import json

import pytest

from bot import conversations, converse, handover
from bot.contract import Turn
from core import clock
from core.database import transaction
from routing import vectors
from tests.admin.staffing import NAME, PHONE, World
from tests.admin.test_staff_conversations import CONVERSATIONS, FORM
from tests.admin.test_suggesting import LAMP, PART, desk

__all__ = ["desk"]


async def taken(world: World, *sentences: str, state: str | None = None) -> str:
    id = await world.waiting(*sentences, state=state)
    async with world.client("lin") as client:
        assert (await client.post(f"{CONVERSATIONS}/{id}/take")).status_code == 204
    return id


async def hears(id: str, *sentences: str) -> None:
    async with transaction() as session:
        for sentence in sentences:
            assert await converse(session, Turn(id, "web", sentence, clock.now())) == []


async def whisper(world: World, id: str) -> dict[str, object]:
    async with world.client("lin") as client:
        return (await client.get(f"{CONVERSATIONS}/{id}/whisper")).json()


async def test_it_asks_for_what_is_missing_and_no_more_once_that_is_told(world: World) -> None:
    id = await taken(world, "转人工")
    await hears(id, "我家楼上半夜装修吵死了")
    first = await whisper(world, id)
    assert first["missing"] == "where" and first["ask"]
    await hears(id, "在望江区南山路18号")
    assert (await whisper(world, id))["missing"] not in {"where", "district", "what"}


async def test_the_emergency_of_the_last_words_comes_first(world: World) -> None:
    id = await taken(world, "转人工")
    await hears(id, "我家厨房着火了，老人还在屋里")
    assert "离开" in str((await whisper(world, id))["instruct"])
    async with world.browser("lin") as browser:
        part = (await browser.get(f"/desk/conversations/{id}/whisper", headers=PART)).text
        shown = part.partition("whisper?shown=")[2].partition('"')[0]
        again = await browser.get(f"/desk/conversations/{id}/whisper?shown={shown}", headers=PART)
        page = (await browser.get(f"/desk?conversation={id}")).text
    assert "119" in part and "离开" in part and again.status_code == 204
    assert page.index("离开") < page.index('id="understanding"')


async def test_in_danger_nothing_is_asked_but_where_and_no_other_matter_is_begun(world: World) -> None:
    id = await taken(world, "转人工")
    await hears(id, "我家厨房着火了，门口全是烟")
    unplaced = await whisper(world, id)
    await hears(id, "望江区南山路20号3单元")
    placed = await whisper(world, id)
    assert (unplaced["missing"], placed["missing"], placed["ask"]) == ("where", "", "")
    assert "地方" in str(unplaced["ask"]) and placed["instruct"]


async def test_the_wish_for_a_person_is_no_part_of_the_ticket(world: World) -> None:
    id = await taken(world, "望江区南山路18号的路灯坏了三天，转人工")
    async with world.browser("lin") as browser:
        page = (await browser.get(f"/desk?conversation={id}")).text
    assert ">望江区南山路18号的路灯坏了三天</textarea>" in page


async def test_a_ticket_alike_nearby_is_shown_with_a_question(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_looked", None)  # another test may have looked a moment ago
    number = await world.opened(address="朝霞区幸福路口", citizen_phone="13911112222")
    await vectors.embed_again()  # as the ticket's job does
    id = await taken(world, "转人工")
    await hears(id, "幸福路口的路灯坏了三天，晚上很黑")
    found = (await whisper(world, id))["alike"]
    assert isinstance(found, list)
    assert [each["number"] for each in found] == [number] and "路灯不亮”，1人关注" in found[0]["ask"]


async def test_an_answer_comes_with_its_source(desk: World) -> None:
    id = await taken(desk, "转人工")
    await hears(id, LAMP)
    answers = (await whisper(desk, id))["answers"]
    assert isinstance(answers, list) and f"（来源：《{LAMP}" in answers[0]
    async with desk.browser("lin") as browser:
        assert f'data-source="（来源：《{LAMP}' in (await browser.get(f"/desk/conversations/{id}/suggestions")).text


async def test_nothing_of_it_is_ever_said_to_the_citizen(desk: World) -> None:
    id = await taken(desk, "转人工")
    await hears(id, LAMP, "我家着火了")
    async with transaction() as session:
        before = [message.text for message in await conversations.messages(session, id)]
    await whisper(desk, id)
    async with desk.browser("lin") as browser:
        await browser.get(f"/desk?conversation={id}")
        for part in ("suggestions", "whisper"):
            await browser.get(f"/desk/conversations/{id}/{part}", headers=PART)
    async with transaction() as session:
        assert [message.text for message in await conversations.messages(session, id)] == before


async def test_only_who_has_the_conversation_hears_it(world: World) -> None:
    id = await taken(world, "转人工", state=json.dumps(FORM))
    for login, status in (("he", 409), ("lamps", 403)):
        async with world.client(login) as client:
            assert (await client.get(f"{CONVERSATIONS}/{id}/whisper")).status_code == status


async def test_what_was_told_to_the_agent_stands_in_the_form_of_the_ticket(world: World) -> None:
    id = await taken(world, "转人工")
    await hears(id, "望江区南山路18号的路灯坏了三天", f"我叫{NAME}，电话{PHONE}")
    async with world.browser("lin") as browser:
        page = (await browser.get(f"/desk?conversation={id}")).text
    assert f'value="{PHONE}"' in page and f'value="{NAME}"' in page and "南山路18号" in page


async def test_given_back_with_the_form_the_bot_goes_on(world: World) -> None:
    id = await taken(world, "转人工")
    typed = {
        "description": "路灯坏了",
        "address": "南山路18号",
        "area": "wangjiang",
        "phone": PHONE,
        "happened": "昨晚",
    }
    async with world.browser("lin") as browser:
        given = await browser.post(
            f"/desk/conversations/{id}/give-back", data=typed | {"happened": "昨晚", "pass_on": "true"}, headers=PART
        )
    assert given.status_code == 204
    async with transaction() as session:
        said = await conversations.messages(session, id)
        assert said[-1].sender == "bot" and "南山路18号" in said[-1].text
        assert await handover.position(session, id) is None


async def test_by_rest_the_same(world: World) -> None:
    id = await taken(world, "转人工")
    body = {"description": "南山路18号路灯坏了", "phone": PHONE, "category": "utilities.lighting.lamp_out"}
    async with world.client("lin") as client:
        wrong = await client.post(f"{CONVERSATIONS}/{id}/give-back", json=body | {"category": "no.such"})
        assert wrong.status_code == 422
        assert (await client.post(f"{CONVERSATIONS}/{id}/give-back", json=body)).status_code == 204
    async with transaction() as session:
        assert (await conversations.messages(session, id))[-1].sender == "bot"


@pytest.fixture
async def before(world: World) -> str:
    """An earlier conversation of the same citizen, with a ticket."""
    id = await world.waiting("建设路的路灯坏了")
    await world.opened(conversation=id, title="建设路路灯不亮")
    return id


async def test_earlier_conversations_are_named_before_and_readable_after_it_is_taken(world: World, before: str) -> None:
    id = await world.waiting(state=json.dumps(FORM))
    address = f"/desk/conversations/{id}/earlier/{before}"
    async with world.browser("lin") as browser:
        page = (await browser.get(f"/desk?conversation={id}")).text
        assert "建设路路灯不亮" in page and address not in page
        assert (await browser.get(address)).status_code == 404
        await browser.post(f"/desk/conversations/{id}/take", headers=PART)
        assert address in (await browser.get(f"/desk?conversation={id}")).text
        assert "建设路的路灯坏了" in (await browser.get(address)).text
    foreign = await world.waiting("别人的事")
    async with world.browser("lin") as browser, world.browser("he") as other:
        assert (await browser.get(f"/desk/conversations/{id}/earlier/{foreign}")).status_code == 404
        assert (await other.get(address)).status_code == 404

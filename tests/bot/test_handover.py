"""A person please: the queue, and that an agent and the bot never talk at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, converse, handover
from bot.contract import Turn
from bot.queue import state_of
from bot.receipts import receipt
from core import clock, ledger
from core.auth import Actor, Role
from core.errors import BadInput, Conflict, Forbidden, NotFound
from routing import tickets

AGENT = Actor(kind="staff", id=1, name="坐席", role=Role.AGENT)
COLLEAGUE = replace(AGENT, id=2)
DEPARTMENT = Actor(kind="staff", id=3, role=Role.DEPARTMENT, department="urban_management")


async def conversation(session: AsyncSession, channel: str = "web") -> str:
    return (await conversations.open(session, channel=channel))[0].id


async def test_first_come_first_served_but_an_emergency_first(session: AsyncSession) -> None:
    first, second, third = [await conversation(session) for _ in range(3)]
    assert await handover.request(session, first, "asked") == 1
    with clock.set_to(clock.now() + timedelta(seconds=1), running=True):
        assert await handover.request(session, second, "asked") == 2
    with clock.set_to(clock.now() + timedelta(seconds=2), running=True):
        assert await handover.request(session, third, handover.EMERGENCY) == 1
    assert [each.conversation for each in await handover.waiting(session)] == [third, first, second]
    assert await handover.position(session, second) == 3


async def test_asked_again_it_keeps_its_place_and_rises_in_an_emergency(session: AsyncSession) -> None:
    first, second = await conversation(session), await conversation(session)
    with clock.set_to(clock.now() - timedelta(minutes=1), running=True):
        await handover.request(session, first, "asked")
    assert await handover.request(session, second, "asked") == 2
    assert await handover.request(session, second, "asked") == 2
    assert await handover.request(session, second, handover.EMERGENCY) == 1


async def test_who_rang_off_is_called_back_and_may_leave_the_queue(session: AsyncSession) -> None:
    id = await conversation(session, "voice")
    await handover.request(session, id, "asked")
    await handover.request(session, id, handover.MISSED_CALL)
    assert [each.reason for each in await handover.waiting(session)] == [handover.MISSED_CALL]
    await handover.cancel(session, id)
    assert await handover.waiting(session) == [] and await handover.position(session, id) is None


async def test_one_agent_takes_it_and_speaks_and_gives_it_back(session: AsyncSession) -> None:
    id = await conversation(session)
    await handover.request(session, id, "asked")
    await handover.take(session, id, actor=AGENT)
    await handover.take(session, id, actor=AGENT)  # twice does no harm
    assert await handover.holder(session, id) == AGENT.id and await handover.position(session, id) == 0
    with pytest.raises(Conflict):
        await handover.take(session, id, actor=COLLEAGUE)
    with pytest.raises(Conflict):
        await handover.say(session, id, actor=COLLEAGUE, text="您好")
    assert (await handover.say(session, id, actor=AGENT, text=" 您好 ")).text == "您好"
    with pytest.raises(BadInput):
        await handover.say(session, id, actor=AGENT, text="  ")
    assert [each.conversation for each in await handover.held_by(session, actor=AGENT)] == [id]
    await handover.give_back(session, id, actor=AGENT)
    assert await handover.held_by(session, actor=AGENT) == []
    with pytest.raises(Conflict):
        await handover.say(session, id, actor=AGENT, text="还在吗")
    kinds = [event.kind for event in await ledger.history(session, f"conversation:{id}")]
    assert kinds == ["handover.requested", "handover.taken", "handover.returned"]


async def test_while_an_agent_has_it_the_bot_is_silent_and_keeps_what_is_said(session: AsyncSession) -> None:
    id = await conversation(session)
    await handover.request(session, id, "asked")
    await handover.take(session, id, actor=AGENT)
    turn = Turn(id, "web", "我家着火了", clock.now(), key="1")
    assert await converse(session, turn) == []
    assert await converse(session, turn) == []
    said = await conversations.messages(session, id)
    assert [(message.sender, message.text) for message in said if message.sender == "citizen"] == [
        ("citizen", "我家着火了")
    ]
    assert said[-1].sender == "citizen"


async def test_nobody_waits_nothing_to_take(session: AsyncSession) -> None:
    id = await conversation(session)
    with pytest.raises(Conflict):
        await handover.take(session, id, actor=AGENT)
    with pytest.raises(NotFound):
        await handover.context(session, id, actor=AGENT)


async def test_a_department_hears_no_conversation(session: AsyncSession) -> None:
    id = await conversation(session)
    await handover.request(session, id, "asked")
    for attempt in (handover.take, handover.context):
        with pytest.raises(Forbidden):
            await attempt(session, id, actor=DEPARTMENT)


async def test_numbers_are_masked_until_the_conversation_is_taken(session: AsyncSession) -> None:
    id = await conversation(session)
    kept = await conversations.get(session, id)
    kept.state = '{"form": {"name": "王强", "phone": "13800138000", "description": "x"}, "summary": "路灯 13800138000"}'
    await conversations.receive(session, id, text="我叫王强，13800138000", key=None, data={})
    await handover.request(session, id, "asked")
    before = await handover.context(session, id, actor=AGENT)
    assert "13800138000" not in str(before) and "王强" not in str(before) and before["form"]["name"] == "王*"
    assert "13800138000" not in str(await handover.waiting(session))
    await handover.take(session, id, actor=AGENT)
    after = await handover.context(session, id, actor=AGENT)
    assert "王强" in str(after["messages"])
    assert after["form"]["phone"] == "13800138000" and after["held"]
    assert "13800138000" not in str(await handover.context(session, id, actor=COLLEAGUE))


@pytest.mark.parametrize(
    "typed", ["{code}", "{lower}", "{spaced}", "{wide}", "查询码{code}，谢谢", "20261122-000001 {code}"]
)
async def test_a_code_is_masked_until_the_conversation_is_taken(session: AsyncSession, typed: str) -> None:
    id = await conversation(session)
    draft = tickets.Draft(
        request_type="assistance", category=None, urgency="general", title="路灯", description="路灯不亮", channel="web"
    )
    opened = await tickets.open(session, draft, actor=AGENT)
    code = opened.code
    wide = "".join(chr(ord(character) + 0xFEE0) for character in code)
    said = typed.format(code=code, lower=code.lower(), spaced=" ".join(code), wide=wide)
    await conversations.receive(session, id, text=said, key=None, data={})
    await conversations.say(session, id, sender="bot", replies=[receipt(opened, "zh_CN")])
    await handover.request(session, id, "asked")
    before = await handover.context(session, id, actor=AGENT)
    shown = str(before["messages"])
    assert not [each for each in (code, code.lower(), " ".join(code), wide) if each in shown]
    assert [message["text"].count("******") for message in before["messages"]] == [1, 1]
    assert opened.ticket.number in before["messages"][1]["text"]
    await handover.take(session, id, actor=AGENT)
    assert code in str((await handover.context(session, id, actor=AGENT))["messages"][1])


@pytest.fixture
async def taken(session: AsyncSession) -> AsyncIterator[str]:
    id = await conversation(session)
    await handover.request(session, id, "asked")
    await handover.take(session, id, actor=AGENT)
    yield id


async def test_a_ticket_that_the_agent_opened_is_handed_to_the_citizen(session: AsyncSession, taken: str) -> None:
    values: dict[str, Any] = {"category": None, "urgency": "general", "channel": "web", "conversation": taken}
    draft = tickets.Draft(request_type="assistance", title="路灯不亮", description="南山路18号路灯不亮", **values)
    opened = await tickets.open(session, draft, actor=AGENT)
    await handover.give_ticket(session, taken, opened, actor=AGENT)
    last = (await conversations.messages(session, taken))[-1]
    assert last.sender == "agent" and last.data["number"] == opened.ticket.number and opened.code in last.text
    await handover.give_back(session, taken, actor=AGENT)
    replies = await converse(session, Turn(taken, "web", "查进度", clock.now()))
    assert replies[0].data["number"] == opened.ticket.number


async def test_a_ticket_by_the_agent_ends_the_form_of_it(session: AsyncSession) -> None:
    id = await conversation(session)
    await converse(session, Turn(id, "web", "南山路18号路灯坏了三天了", clock.now()))
    await handover.request(session, id, "asked")
    await handover.take(session, id, actor=AGENT)
    values: dict[str, Any] = {"category": None, "urgency": "general", "channel": "web", "conversation": id}
    draft = tickets.Draft(request_type="assistance", title="路灯不亮", description="南山路18号路灯不亮", **values)
    await handover.give_ticket(session, id, await tickets.open(session, draft, actor=AGENT), actor=AGENT)
    await handover.give_back(session, id, actor=AGENT)
    replies = await converse(session, Turn(id, "web", "好的", clock.now()))
    assert [str(reply.type) for reply in replies] == ["text"]
    assert state_of(await conversations.get(session, id))["form"] is None

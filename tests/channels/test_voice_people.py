"""Callers who want a person: the queue, the agent, the seat, the way back."""

import httpx
import pytest
from sqlalchemy import select

from bot import conversations, handover
from core import database
from core.auth import Staff
from core.settings import settings
from tests.bot.test_skills import asks
from tests.bot.test_waiting_places import waited
from tests.channels.voice_door import Call, client, configured, on_duty, post, queue, thread, twiml

__all__ = ["client", "configured", "on_duty"]

pytestmark = pytest.mark.usefixtures("committing")


@pytest.mark.usefixtures("on_duty")
@pytest.mark.parametrize("how", ["说", "按"])
async def test_who_wants_a_person_waits_in_the_queue(client: httpx.AsyncClient, how: str) -> None:
    call = Call(client)
    await call.ring()
    await (call.say("转人工") if how == "说" else call.press("0"))
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    assert enqueue.text == "yitong"
    assert await queue() == [("voice", "asked")]
    waiting = await twiml(client, enqueue.attrib["waitUrl"], QueuePosition="3")
    assert "前面还有2位" in "".join(say.text or "" for say in waiting.iter("Say"))
    first = await twiml(client, enqueue.attrib["waitUrl"], QueuePosition="1")
    assert "马上" in "".join(say.text or "" for say in first.iter("Say"))


@pytest.mark.usefixtures("configured")
async def test_nobody_is_sent_into_a_queue_that_nobody_answers(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    assert "没有值班" in await call.say("转人工")
    assert [child.tag for child in call.answer] == ["Gather"]
    await post(client, "/channels/twilio/voice/status", CallStatus="completed")
    assert await queue() == [("voice", "missed_call")]


@pytest.mark.usefixtures("on_duty")
async def test_while_an_agent_has_the_conversation_the_caller_is_connected(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    async with database.transaction() as session:
        agent = (await session.scalars(select(Staff))).one().actor()
        conversation = await conversations.by_peer(session, channel="voice", peer="13800138000")
        await handover.take(session, conversation.id, actor=agent)
    again = Call(client, call="CA2")
    await again.ring()
    assert "转接" in await again.say("我刚才打过电话")
    assert again.answer.find("Enqueue") is not None


@pytest.mark.usefixtures("on_duty")
async def test_an_emergency_is_told_what_to_do_and_transferred_at_once(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    heard = await call.say("我家着火了快来人啊")
    assert "幺幺九" in heard
    assert [child.tag for child in call.answer][-1] == "Enqueue"
    assert "119" not in [number.text for number in call.answer.iter("Number")]  # never dialled for the citizen
    assert await queue() == [("voice", "emergency")]


async def test_a_seats_number_is_rung_when_it_is_set(client: httpx.AsyncClient, configured: pytest.MonkeyPatch) -> None:
    configured.setenv("YITONG_TWILIO_AGENT_NUMBER", "+861012345678")
    settings.cache_clear()
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    dial = call.answer.find("Dial")
    assert dial is not None
    assert [number.text for number in dial.iter("Number")] == ["+861012345678"]
    unanswered = await twiml(client, dial.attrib["action"], DialCallStatus="no-answer")
    assert unanswered.find("Gather") is not None
    assert await queue() == [("voice", "missed_call")]
    answered = await twiml(client, dial.attrib["action"], DialCallStatus="completed")
    assert answered.find("Hangup") is not None
    assert await queue() == []


@pytest.mark.usefixtures("on_duty")
async def test_who_was_answered_out_of_the_queue_waits_no_more(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    assert (await twiml(client, enqueue.attrib["action"], QueueResult="bridged")).find("Hangup") is not None
    assert await queue() == []


@pytest.mark.usefixtures("on_duty")
@pytest.mark.parametrize("where", ["queue", "status"])
async def test_who_hangs_up_while_waiting_is_to_be_called_back(client: httpx.AsyncClient, where: str) -> None:
    call = Call(client)
    await call.ring()
    await call.say("转人工")
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    if where == "queue":
        await twiml(client, enqueue.attrib["action"], QueueResult="hangup")
    else:
        assert (await post(client, "/channels/twilio/voice/status", CallStatus="completed")).status_code == 204
    assert await queue() == [("voice", "missed_call")]


@pytest.mark.usefixtures("configured")
async def test_a_call_that_ends_without_a_wish_for_a_person_asks_for_no_callback(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.say("我要报修路灯坏了")
    assert (await post(client, "/channels/twilio/voice/status", CallStatus="completed")).status_code == 204
    assert await queue() == []
    assert (await thread())[0].text == "我要报修路灯坏了"


@pytest.mark.usefixtures("on_duty")
async def test_a_caller_hears_how_long_it_will_take(client: httpx.AsyncClient) -> None:
    async with database.transaction() as session:
        for _ in range(6):
            await waited(session, 120)
        await asks(session)
    call = Call(client)
    await call.ring()
    assert "第2位，大约4分钟" in await call.say("转人工")
    enqueue = call.answer.find("Enqueue")
    assert enqueue is not None
    waiting = await twiml(client, enqueue.attrib["waitUrl"], QueuePosition="2")
    assert "大约还要等4分钟" in "".join(say.text or "" for say in waiting.iter("Say"))


@pytest.mark.usefixtures("on_duty")
async def test_whom_recognition_could_not_hear_gets_the_dialect_desk(client: httpx.AsyncClient) -> None:
    call = Call(client)
    await call.ring()
    await call.keep_silent()
    await call.keep_silent()
    await call.press("0")
    async with database.transaction() as session:
        assert [(each.reason, each.skill) for each in await handover.waiting(session)] == [("asked", "dialect")]

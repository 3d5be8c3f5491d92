"""Nobody is left hanging: the agent has gone, or says nothing, and the citizen is at the head of the queue again."""

from datetime import timedelta

import pytest

from bot import conversations, converse, duty, forgotten, handover
from bot.contract import Turn
from bot.queue import state_of
from core import auth, clock, ledger
from core.auth import Actor, Role
from core.database import transaction
from core.errors import Conflict
from tests.bot.test_skills import asks, staff

pytestmark = pytest.mark.usefixtures("committing")

SILENCE = timedelta(seconds=181)
OTHER = Actor(kind="staff", id=99, name="班长", role=Role.SUPERVISOR)


async def talking() -> tuple[str, Actor]:
    """A conversation that an agent has taken, with another that waits behind it."""
    async with transaction() as session:
        agent = await staff(session, "lin")
        id = await asks(session)
        await asks(session)
        await handover.take(session, id, actor=agent)
    return id, agent


async def last_words(id: str) -> str:
    async with transaction() as session:
        return (await conversations.messages(session, id))[-1].text


async def state(id: str) -> tuple[bool, int | None]:
    async with transaction() as session:
        return await handover.held(session, id), await handover.position(session, id)


async def test_an_agent_who_takes_and_says_nothing_loses_it_to_a_colleague() -> None:
    id, agent = await talking()
    with clock.set_to(clock.now() + SILENCE, running=True):
        await forgotten.take_back()
        assert await state(id) == (False, 1)
        assert "让您久等了" in await last_words(id) and "第1位" in await last_words(id)
        async with transaction() as session:
            with pytest.raises(Conflict):
                await handover.say(session, id, actor=agent, text="我回来了")
            kinds = [event.kind for event in await ledger.history(session, f"conversation:{id}")]
    assert kinds == ["handover.requested", "handover.taken", "handover.forgotten"]


async def test_a_word_of_the_agent_is_enough_until_the_citizen_speaks_again() -> None:
    id, agent = await talking()
    async with transaction() as session:
        await handover.say(session, id, actor=agent, text="请稍等，我查一下。")
    with clock.set_to(clock.now() + SILENCE, running=True):
        await forgotten.take_back()
        assert await state(id) == (True, 0)
        async with transaction() as session:
            assert await converse(session, Turn(id, "web", "还在吗", clock.now())) == []
        with clock.set_to(clock.now() + SILENCE, running=True):
            async with transaction() as session:
                await converse(session, Turn(id, "web", "喂", clock.now()))  # another word does not begin the time anew
            await forgotten.take_back()
            assert await state(id) == (False, 1)


async def test_an_agent_who_signs_out_leaves_nobody_behind() -> None:
    id, agent = await talking()
    async with transaction() as session:
        await handover.say(session, id, actor=agent, text="您好")
        await auth.deactivate(session, login="lin")
    await forgotten.take_back()
    assert await state(id) == (False, 1)


async def test_the_telephone_is_not_silent_because_the_desk_is() -> None:
    assert "voice" not in duty.rules().silence.seconds
    async with transaction() as session:
        agent = await staff(session, "lin")
        id = (await conversations.by_peer(session, channel="voice", peer="13800138000")).id
        await handover.request(session, id, "asked")
        await handover.take(session, id, actor=agent)
    with clock.set_to(clock.now() + SILENCE, running=True):
        await forgotten.take_back()
    assert await state(id) == (True, 0)


async def test_who_was_put_back_goes_before_who_waited_longer_and_the_bot_talks_meanwhile() -> None:
    async with transaction() as session:
        agent = await staff(session, "lin")
        first, id = await asks(session), await asks(session)
        await handover.take(session, id, actor=agent)
    with clock.set_to(clock.now() + SILENCE, running=True):
        await forgotten.take_back()
        async with transaction() as session:
            assert [each.conversation for each in await handover.waiting(session)] == [id, first]
            assert (await handover.waiting(session))[0].returned
            assert await converse(session, Turn(id, "web", "谢谢", clock.now()))
            await handover.take(session, id, actor=OTHER)
            await handover.say(session, id, actor=OTHER, text="您好，我接着为您办。")


async def test_a_word_that_came_between_look_and_deed_keeps_it() -> None:
    id, agent = await talking()
    with clock.set_to(clock.now() + SILENCE, running=True):
        async with transaction() as session:
            await handover.say(session, id, actor=agent, text="您好")
            assert not await forgotten.put_back(session, id)
    assert await state(id) == (True, 0)


async def test_what_was_told_to_the_agent_who_left_is_kept_though_no_form_was_open() -> None:
    id, _ = await talking()
    async with transaction() as session:
        await converse(session, Turn(id, "web", "我家楼上半夜装修吵得睡不着，在望江区南山路18号", clock.now()))
    with clock.set_to(clock.now() + SILENCE, running=True):
        await forgotten.take_back()
    async with transaction() as session:
        form = state_of(await conversations.get(session, id)).get("form")
    assert form and form["place"]["text"] == "望江区南山路18号"

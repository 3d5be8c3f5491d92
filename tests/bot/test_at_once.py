"""Agent and bot never talk at once: tried by turns, takes, words and returns that really run side by side."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot import conversations, converse, duty, forgotten, handover
from bot.contract import Turn
from core import clock, database
from core.auth import Actor
from core.database import transaction
from core.errors import Conflict, Unavailable
from tests.bot.test_skills import asks, staff

pytestmark = pytest.mark.usefixtures("committing")

ROUNDS = 8
SILENCE = timedelta(seconds=duty.rules().silence.seconds["web"] + 1)


async def waiting() -> tuple[str, Actor, Actor]:
    async with transaction() as session:
        return await asks(session), await staff(session, "lin"), await staff(session, "he")


async def says(id: str, words: str, key: str) -> int:
    """Let the citizen say something; return how many replies they got."""
    async with transaction() as session:
        return len(await converse(session, Turn(id, "web", words, clock.now(), key=key)))


async def takes(id: str, agent: Actor) -> bool:
    try:
        async with transaction() as session:
            await handover.take(session, id, actor=agent)
    except Conflict:
        return False
    return True


async def speaks(id: str, agent: Actor, words: str) -> bool:
    try:
        async with transaction() as session:
            await handover.say(session, id, actor=agent, text=words)
    except Conflict:
        return False
    return True


async def gives_back(id: str, agent: Actor) -> bool:
    try:
        async with transaction() as session:
            await handover.give_back(session, id, actor=agent)
    except Conflict:
        return False
    return True


async def history(id: str) -> list[conversations.Message]:
    async with transaction() as session:
        return await conversations.messages(session, id)


def spoken_to_the_bot(said: list[conversations.Message]) -> list[str]:
    """Return what the bot answered while an agent had the conversation, and what an agent said while none had it."""
    wrong, held = [], False
    for message in said:
        if message.why.get("rule") == "taken":
            held = True
        elif message.why.get("rule") in {"given_back", "agent_left"}:
            held = False
        elif (message.sender == "bot" and held) or (message.sender == "agent" and not held):
            wrong.append(f"{message.sender}: {message.text}")
    return wrong


async def test_of_two_who_take_at_once_one_has_it_and_only_that_one_speaks() -> None:
    id, lin, he = await waiting()
    took = await asyncio.gather(takes(id, lin), takes(id, he))
    assert sorted(took) == [False, True]
    spoke = await asyncio.gather(speaks(id, lin, "您好，我是林晓"), speaks(id, he, "您好，我是何平"))
    assert spoke == took
    assert [message.sender for message in await history(id)].count("agent") == 1


async def test_a_turn_beside_a_take_is_answered_by_the_bot_before_or_kept_for_the_agent() -> None:
    id, lin, _ = await waiting()
    for number in range(ROUNDS):
        replies, took = await asyncio.gather(says(id, "谢谢", f"k{number}"), takes(id, lin))
        said = await history(id)
        assert took and spoken_to_the_bot(said) == []
        citizen = [message for message in said if message.sender == "citizen"]
        assert len(citizen) == number + 1
        assert replies in {0, 1}
        assert await gives_back(id, lin)
        async with transaction() as session:
            await handover.request(session, id, "asked")


async def test_everything_at_once_leaves_one_voice_at_a_time_and_loses_no_word() -> None:
    id, lin, he = await waiting()
    for number in range(ROUNDS):
        done = await asyncio.gather(
            says(id, "谢谢", f"a{number}"),
            takes(id, lin),
            takes(id, he),
            speaks(id, lin, f"林{number}"),
            speaks(id, he, f"何{number}"),
            says(id, "你好", f"b{number}"),
            gives_back(id, lin),
            gives_back(id, he),
        )
        assert spoken_to_the_bot(await history(id)) == []
        words = sum(1 for message in await history(id) if message.sender == "agent" and message.text[1:] == str(number))
        assert words == done[3] + done[4]
        async with transaction() as session:
            await handover.request(session, id, "asked")
    said = [message for message in await history(id) if message.sender == "citizen"]
    assert len(said) == 2 * ROUNDS


async def test_a_process_that_dies_before_its_take_is_written_leaves_the_citizen_waiting() -> None:
    id, lin, he = await waiting()
    with pytest.raises((OperationalError, Unavailable)):
        async with transaction() as session:
            await handover.take(session, id, actor=lin)
            await session.flush()
            pid = await session.scalar(text("select pg_backend_pid()"))
            async with database.engine().connect() as other:
                await other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
            await session.execute(text("select 1"))
    assert await takes(id, he)
    assert spoken_to_the_bot(await history(id)) == []


async def test_a_process_that_dies_between_the_take_and_the_first_word_does_not_leave_the_citizen_hanging() -> None:
    id, lin, he = await waiting()
    assert await takes(id, lin)
    with clock.set_to(clock.now() + SILENCE, running=True):
        await asyncio.gather(forgotten.take_back(), forgotten.take_back())  # two workers
        assert [message.why.get("rule") for message in await history(id)].count("agent_left") == 1
        assert await takes(id, he) and await speaks(id, he, "您好")
        assert not await speaks(id, lin, "我回来了")
    assert spoken_to_the_bot(await history(id)) == []


async def test_a_silent_agents_word_beside_the_sweep_is_said_or_refused() -> None:
    id, lin, _ = await waiting()
    assert await takes(id, lin)
    with clock.set_to(clock.now() + SILENCE, running=True):
        spoke, _ = await asyncio.gather(speaks(id, lin, "对不起，我在查"), forgotten.take_back())
        said = await history(id)
        left = any(message.why.get("rule") == "agent_left" for message in said)
        assert spoke != left and spoken_to_the_bot(said) == []

"""From one desk to another: by who has the conversation, or by a supervisor; nothing that was told is lost."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, converse, handover
from bot.contract import Turn
from bot.queue import state_of
from core import clock, ledger
from core.auth import Actor, Role
from core.errors import BadInput, Conflict
from tests.bot.test_skills import agents, asks, listed, staff

__all__ = ["agents"]


async def test_whoever_cannot_help_moves_it_to_a_desk_which_sees_it_first(
    session: AsyncSession, agents: tuple[Actor, Actor]
) -> None:
    english, other = agents
    before, id = await asks(session), await asks(session)
    await handover.take(session, id, actor=other)
    told = "我家楼上半夜装修吵得睡不着，在望江区南山路18号"
    await converse(session, Turn(id, "web", told, clock.now()))
    await handover.move(session, id, "english", actor=other)
    assert await listed(session, english) == [(id, True), (before, True)]
    assert (id, False) in await listed(session, other)
    said = (await conversations.messages(session, id))[-1]
    assert "英语专席" in said.text and "第1位" in said.text and said.why["rule"] == "moved"
    form = state_of(await conversations.get(session, id))["form"]
    assert form["place"]["text"] == "望江区南山路18号"
    assert (await ledger.history(session, f"conversation:{id}"))[-1].kind == "handover.moved"


async def test_a_supervisor_takes_it_out_of_an_agents_hands_and_may_answer_at_once(
    session: AsyncSession, agents: tuple[Actor, Actor]
) -> None:
    english, other = agents
    supervisor = await staff(session, "ban", role=Role.SUPERVISOR)
    id = await asks(session)
    await handover.take(session, id, actor=other)
    with pytest.raises(Conflict):
        await handover.move(session, id, None, actor=english)
    await handover.move(session, id, None, actor=supervisor)
    with pytest.raises(Conflict):
        await handover.say(session, id, actor=other, text="我还在")
    await handover.take(session, id, actor=supervisor)
    assert await handover.holder(session, id) == supervisor.id


async def test_nobody_is_sent_to_a_desk_where_nobody_sits(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    _, other = agents
    id = await asks(session)
    await handover.take(session, id, actor=other)
    with pytest.raises(Conflict, match="方言专席"):
        await handover.move(session, id, "dialect", actor=other)
    with pytest.raises(BadInput):
        await handover.move(session, id, "nowhere", actor=other)
    assert await handover.holder(session, id) == other.id


async def test_an_emergency_that_is_moved_goes_before_all_and_may_be_taken_by_all(
    session: AsyncSession, agents: tuple[Actor, Actor]
) -> None:
    english, other = agents
    await asks(session)
    id = await asks(session, reason="emergency")
    await handover.take(session, id, actor=other)
    await handover.move(session, id, "english", actor=other)
    assert (await listed(session, other))[0] == (id, True) == (await listed(session, english))[0]

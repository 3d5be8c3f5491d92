"""A ticket that becomes secret counts in no topic from then on."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.database import transaction
from routing import commands, growing
from routing.growing import reading
from routing.growing.tables import Topic, TopicTicket
from tests.routing.conftest import AGENT, MONDAY, SUPERVISOR
from tests.routing.test_growing import gathered, opened

Becoming = Callable[[AsyncSession, str], Awaitable[Any]]
BECOMING: dict[str, Becoming] = {
    "sealed": lambda session, number: commands.seal(session, number, actor=SUPERVISOR, reason="涉及举报人安全"),
    "a tip-off": lambda session, number: commands.correct(
        session, number, actor=SUPERVISOR, request_type="tip_off", reason="实为举报"
    ),
    "confidential": lambda session, number: commands.urge_for(session, number, actor=AGENT, text="请保密"),
}

pytestmark = pytest.mark.usefixtures("committing")


async def become(number: str, how: Becoming) -> None:
    with clock.set_to(MONDAY + timedelta(minutes=2)):
        async with transaction() as session:
            await how(session, number)
        await jobs.run_due()


async def topics() -> list[Topic]:
    async with transaction() as session:
        return list(await session.scalars(select(Topic).order_by(Topic.id)))


@pytest.mark.parametrize("how", BECOMING.values(), ids=BECOMING)
async def test_whatever_made_it_secret_it_leaves_with_its_heat(how: Becoming) -> None:
    numbers = await opened(3)
    await gathered()
    await become(numbers[1], how)
    (topic,) = await topics()
    assert (topic.size, reading.heat(topic, MONDAY), topic.closed_at) == (2, 2.0, None)
    async with transaction() as session:
        shown = await growing.tickets_of(session, topic, actor=SUPERVISOR)
    assert {ticket.number for ticket in shown} == {numbers[0], numbers[2]}


async def test_what_it_leaves_alone_is_no_topic_and_may_found_another() -> None:
    numbers = await opened(2)
    (topic,) = await gathered()
    await become(numbers[0], BECOMING["sealed"])
    (left,) = await topics()
    assert (left.size, left.closed_at) == (1, MONDAY + timedelta(minutes=2))
    async with transaction() as session:
        assert [each.kind for each in await growing.history(session, topic)] == ["founded", "closed"]
        assert list(await session.scalars(select(TopicTicket.topic_id))) == [None, None]
    await opened(1, start=7)
    ended, again = await gathered(MONDAY + timedelta(minutes=3))
    assert (ended.id, again.size, again.closed_at) == (topic.id, 2, None)


async def test_an_open_ticket_stays() -> None:
    numbers = await opened(2)
    await gathered()
    await growing.leave(numbers[0])
    (topic,) = await topics()
    assert topic.size == 2

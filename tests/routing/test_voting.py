"""What follows from the three answers is said once: to the citizen who votes, by a notice where an agent asked."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.outbox import Notice
from routing import commands, tickets, timing
from routing.notices import moment_words, vote_words
from tests.routing import road
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, draft
from tests.routing.road import arrive

pytestmark = pytest.mark.usefixtures("monday")

DAY = timedelta(days=1)


async def told(session: AsyncSession) -> list[str]:
    found = await session.scalars(select(Notice).where(Notice.recipient["conversation"].astext == "c-1"))
    return [notice.content["text"] for notice in found]


@pytest.mark.parametrize(
    ("rounds", "said"),
    [
        (["rate"], ["谢谢您的评价，已经记下了。"]),
        (["unsolved"], ["很抱歉", "已退回市城管局重新办理", "11月30日17:30前办结"]),
        (["unsolved", "accept", "reply", "unsolved"], ["很抱歉", "热线中心接手督办", "11月30日17:30前办结"]),
    ],
)
async def test_whoever_votes_reads_thanks_and_what_follows_and_no_notice_says_it_again(
    session: AsyncSession, rounds: list[str], said: list[str]
) -> None:
    opened = await arrive(session, "replied", conversation="c-1")
    for step in rounds[:-1]:
        await getattr(road, step)(session, opened)
    before = await told(session)
    ticket = await getattr(road, rounds[-1])(session, opened)
    words = await vote_words(session, ticket)
    assert all(each in words for each in said) and words.count("谢谢") == 1
    assert (await vote_words(session, ticket, "en")).startswith("Thank you")
    assert await told(session) == before


async def test_an_answer_that_did_not_help_goes_on_to_a_department(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(conversation="c-1"), actor=CITIZEN)
    await road.answer(session, opened)
    ticket = await road.unsolved(session, opened)
    assert "将转给承办单位办理，预计" in await vote_words(session, ticket)


async def test_a_citizen_whom_an_agent_asked_is_told_by_a_notice(session: AsyncSession) -> None:
    opened = await arrive(session, "replied", conversation="c-1")
    await commands.callback(session, opened.ticket.number, actor=AGENT, contacted=True, solved=False, satisfied=1)
    assert "已退回市城管局重新办理" in (await told(session))[-1]


async def test_clocks_of_a_round_that_the_vote_ended_are_history_also_at_the_centre(session: AsyncSession) -> None:
    opened = await arrive(session, "replied")
    with clock.set_to(MONDAY + DAY):
        await road.unsolved(session, opened)
        await road.accept(session, opened)
    with clock.set_to(MONDAY + 2 * DAY):
        await road.reply(session, opened)
        status = await tickets.public_status(session, opened.ticket.number, opened.code)
        assert [(each["kind"], each["state"]) for each in status["clocks"] if each["kind"] != "callback"] == [
            ("accept", "met"),
            ("resolve", "met"),
        ]
    with clock.set_to(MONDAY + 3 * DAY):
        await road.unsolved(session, opened)
        status = await tickets.public_status(session, opened.ticket.number, opened.code)
        assert status["state"] == "returned"
        assert [(each["kind"], each["state"]) for each in status["clocks"]] == [("resolve", "running")]


async def test_what_the_centre_takes_up_has_a_time_that_the_ruling_does_not_begin_again(session: AsyncSession) -> None:
    opened = await arrive(session, "replied")
    for step in (road.unsolved, road.accept, road.reply):
        await step(session, opened)
    with clock.set_to(MONDAY + DAY):
        await road.unsolved(session, opened)
    with clock.set_to(MONDAY + 2 * DAY):
        await road.uphold(session, opened)
        running = await timing.running(session, opened.ticket)
    assert opened.ticket.state == "dispatched" and running["resolve"].started_at == MONDAY + DAY


async def test_urging_is_offered_when_it_will_be_accepted_and_else_the_time_is_said(session: AsyncSession) -> None:
    opened = await arrive(session, "dispatched")
    await road.urge(session, opened)
    again = MONDAY + timedelta(hours=1)
    for moment, offered in ((MONDAY, False), (again, True)):
        with clock.set_to(moment):
            status = await tickets.public_status(session, opened.ticket.number, opened.code)
            assert ("urge" in status["may"]) is offered
            assert status["urge_again_at"] == (None if offered else again.isoformat())
            assert ("urge" in await tickets.allowed(session, opened.ticket, actor=AGENT)) is offered
    await road.withdraw(session, opened)
    assert tickets.urge_again_at(opened.ticket) is None


def test_a_moment_has_its_year_where_that_is_another_one() -> None:
    new_year = MONDAY.replace(year=2027, month=1)
    assert (moment_words(MONDAY), moment_words(new_year)) == ("11月23日09:30", "2027年1月23日09:30")
    assert moment_words(new_year, "en").endswith("23 January 2027")

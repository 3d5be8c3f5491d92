"""After the end: a closed ticket that proves unsolved, by its citizen or on the telephone; once, and within days."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Conflict
from routing import commands, tickets, timing
from routing.rules import rules
from tests.routing import road
from tests.routing.conftest import AGENT, CITIZEN, MONDAY
from tests.routing.road import arrive

pytestmark = pytest.mark.usefixtures("monday")


@pytest.mark.parametrize("days_over", [0, 1])
@pytest.mark.parametrize(
    ("step", "sentence"), [(road.dispute, "请再提交一次诉求"), (road.reopen_closed, "请登记为新工单并与本单关联")]
)
async def test_within_the_days(session: AsyncSession, step: road.Step, sentence: str, days_over: int) -> None:
    opened = await arrive(session, "closed")
    with clock.set_to(MONDAY + timedelta(days=rules().reopening.within_days + days_over)):
        if days_over:
            with pytest.raises(Conflict, match=sentence):
                await step(session, opened)
            assert opened.ticket.state == "closed"
        else:
            await step(session, opened)


@pytest.mark.parametrize(
    ("step", "sentence"), [(road.dispute, "请再提交一次诉求"), (road.reopen_closed, "请登记为新工单并与本单关联")]
)
async def test_as_often_as_the_rule_says(session: AsyncSession, step: road.Step, sentence: str) -> None:
    opened = await arrive(session, "closed")
    for _ in range(rules().reopening.times):
        await road.reopen_closed(session, opened)
        for again in (road.accept, road.reply, road.rate):
            await again(session, opened)
    with pytest.raises(Conflict, match=sentence):
        await step(session, opened)


async def test_by_an_agent_it_goes_to_its_department_again_and_its_time_begins_anew(session: AsyncSession) -> None:
    opened = await arrive(session, "closed")
    with clock.set_to(MONDAY + timedelta(days=2)):
        await road.reopen_closed(session, opened)
        running = await timing.running(session, opened.ticket)
    assert (opened.ticket.state, opened.ticket.lead) == ("dispatched", "urban_management")
    assert running["resolve"].started_at == MONDAY + timedelta(days=2)
    with pytest.raises(Conflict):  # it has handled the matter once
        await road.give_back(session, opened)


async def test_by_its_citizen_it_goes_to_the_centre_under_supervision(session: AsyncSession) -> None:
    opened = await arrive(session, "closed")
    await road.dispute(session, opened)
    assert (opened.ticket.state, opened.ticket.supervised, opened.ticket.reopened_closed) == ("returned", True, 1)
    step = (await tickets.history(session, opened.ticket.number, actor=AGENT))[-1]
    assert (step.kind, step.text) == ("disputed", "又不亮了")


async def test_one_that_was_answered_at_once_is_new_again(session: AsyncSession) -> None:
    opened = await arrive(session, "new")
    for step in (road.answer, road.rate, road.dispute):
        await step(session, opened)
    assert (opened.ticket.state, opened.ticket.lead) == ("new", None)
    assert "resolve" in await timing.running(session, opened.ticket)


async def test_who_has_not_answered_the_questions_yet_says_it_there(session: AsyncSession) -> None:
    opened = await arrive(session, "replied")
    await commands.call(session, opened.ticket.number, actor=AGENT, outcome="refused")
    assert opened.ticket.state == "closed"
    assert {"rate", "dispute"} & set(await tickets.allowed(session, opened.ticket, actor=CITIZEN)) == {"rate"}
    with pytest.raises(Conflict, match="评价"):
        await road.dispute(session, opened)
    with clock.set_to(MONDAY + timedelta(days=rules().survey.late_days, seconds=1)):
        assert {"rate", "dispute"} & set(await tickets.allowed(session, opened.ticket, actor=CITIZEN)) == {"dispute"}
    await road.unsolved(session, opened)
    assert opened.ticket.state == "dispatched"

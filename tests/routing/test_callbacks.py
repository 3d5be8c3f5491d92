"""回访: who does not answer is called, on different days; who cannot be reached counts in no rate."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import SYSTEM
from core.database import transaction
from core.errors import BadInput, Conflict
from routing import callbacks, commands, figures, tickets
from routing.models import Ticket
from routing.tickets import Opened
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, department, draft

LEAD = department("urban_management")
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("monday")


async def _replied(session: AsyncSession, **changes: object) -> Opened:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    await commands.accept(session, opened.ticket.number, actor=LEAD)
    await commands.reply(session, opened.ticket.number, actor=LEAD, result="已修复")
    return opened


async def _waiting(session: AsyncSession) -> list[str]:
    return [ticket.number for ticket in await callbacks.worklist(session, actor=AGENT, limit=10)]


async def _call(session: AsyncSession, opened: Opened, outcome: str, **more: object) -> Ticket:
    return await commands.call(session, opened.ticket.number, actor=AGENT, outcome=outcome, **more)  # type: ignore[arg-type]


async def test_who_reads_the_questions_has_a_day_before_an_agent_calls(session: AsyncSession) -> None:
    alone, by_phone = await _replied(session), await _replied(session, conversation=None)
    assert await _waiting(session) == [by_phone.ticket.number]
    with clock.set_to(MONDAY + DAY):
        assert await _waiting(session) == [by_phone.ticket.number, alone.ticket.number]
        assert await callbacks.count_waiting(session, actor=AGENT) == 2
        assert await callbacks.worklist(session, actor=department("tax"), limit=10) == []


async def test_an_answer_takes_the_ticket_off_the_list(session: AsyncSession) -> None:
    opened = await _replied(session, conversation=None)
    await commands.callback(session, opened.ticket.number, actor=AGENT, contacted=True, solved=True, satisfied=2)
    assert await _waiting(session) == []
    assert opened.ticket.state == "closed"  # solved, though not satisfied


async def test_three_days_on_which_nobody_was_reached_close_the_ticket(session: AsyncSession) -> None:
    opened = await _replied(session, conversation=None)
    await _call(session, opened, "not_reached")
    await _call(session, opened, "not_reached", note="下午再打一次")  # the same day counts once
    assert (opened.ticket.callbacks, opened.ticket.state) == (1, "replied")
    assert await _waiting(session) == []  # not today any more
    with clock.set_to(MONDAY + DAY):
        assert await _waiting(session) == [opened.ticket.number]
        await _call(session, opened, "not_reached")
    with clock.set_to(MONDAY + 2 * DAY):
        await _call(session, opened, "not_reached")
    assert (opened.ticket.state, opened.ticket.survey_end) == ("closed", "not_reached")
    read = await tickets.history(session, opened.ticket.number, actor=LEAD)
    assert "3次均未联系上" in read[-1].text and "第2天" in read[-3].text + read[-2].text
    await figures.follow(session, everything=True)
    found = await figures.rates(session, start=MONDAY.date(), end=MONDAY.date())
    assert found["parts"]["satisfaction_rate"] == {"numerator": 0, "denominator": 0, "excluded": 1}
    assert found["parts"]["callback_rate"] == {"numerator": 0, "denominator": 1, "excluded": 0}


async def test_a_citizen_is_called_when_they_asked_to_be(session: AsyncSession) -> None:
    opened = await _replied(session, conversation=None)
    at = MONDAY + timedelta(hours=5)
    await _call(session, opened, "again", again_at=at)
    assert opened.ticket.callback_at == at and opened.ticket.callbacks == 0
    with clock.set_to(at):
        assert await _waiting(session) == [opened.ticket.number]
    for wrong in (None, MONDAY - DAY, MONDAY + 31 * DAY):
        with pytest.raises(BadInput):
            await _call(session, opened, "again", again_at=wrong)
    with pytest.raises(BadInput):
        await _call(session, opened, "asleep")


async def _closed_unheard(session: AsyncSession) -> Opened:
    opened = await _replied(session)
    await _call(session, opened, "refused")
    return opened


async def test_who_was_not_heard_may_still_answer_for_some_days(session: AsyncSession) -> None:
    opened = await _closed_unheard(session)
    assert "rate" in await tickets.allowed(session, opened.ticket, actor=CITIZEN)
    await commands.rate(session, opened.ticket.number, opened.code, solved=True, satisfied=5)
    assert (opened.ticket.state, opened.ticket.survey_end, opened.ticket.satisfied) == ("closed", None, 5)
    with pytest.raises(Conflict):  # once
        await commands.rate(session, opened.ticket.number, opened.code, solved=False, satisfied=1)
    late = await _closed_unheard(session)
    with clock.set_to(MONDAY + 8 * DAY), pytest.raises(Conflict):
        await commands.rate(session, late.ticket.number, late.code, solved=True, satisfied=5)


async def test_a_late_answer_that_it_is_not_solved_reopens_once_and_then_goes_to_the_centre(
    session: AsyncSession,
) -> None:
    opened = await _closed_unheard(session)
    await commands.rate(session, opened.ticket.number, opened.code, solved=False, satisfied=1)
    assert (opened.ticket.state, opened.ticket.reopened) == ("dispatched", 1)
    await commands.accept(session, opened.ticket.number, actor=LEAD)
    await commands.reply(session, opened.ticket.number, actor=LEAD, result="再次修复")
    await _call(session, opened, "refused")
    await commands.rate(session, opened.ticket.number, opened.code, solved=False, satisfied=1)
    assert (opened.ticket.state, opened.ticket.supervised) == ("returned", True)


async def test_who_refuses_counts_in_no_rate(session: AsyncSession) -> None:
    opened = await _replied(session, conversation=None)
    await _call(session, opened, "refused")
    assert (opened.ticket.state, opened.ticket.survey_end) == ("closed", "refused")


@pytest.mark.usefixtures("committing")
async def test_nobody_is_looked_for_who_left_no_way_to_be_found() -> None:
    async with transaction() as session:
        nobody = await _replied(session, conversation=None, citizen_phone=None, citizen_name=None)
        somebody = await _replied(session, conversation=None)
    await callbacks.sweep()
    async with transaction() as session:
        closed = await tickets.find(session, nobody.ticket.number, actor=SYSTEM)
        assert (closed.state, closed.survey_end) == ("closed", "anonymous")
        assert (await tickets.find(session, somebody.ticket.number, actor=SYSTEM)).state == "replied"

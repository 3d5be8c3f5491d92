"""The rates, counted by hand on a handful of tickets."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput
from routing import commands, figures, tickets
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LEAD, OTHER = department("urban_management"), department("power_supply")
DAY = date(2026, 11, 23)

pytestmark = pytest.mark.usefixtures("monday")


async def _opened(session: AsyncSession) -> tickets.Opened:
    opened = await tickets.open(session, draft(), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    return opened


async def _answered(
    session: AsyncSession, *, contacted: bool, solved: bool, satisfied: int, after: timedelta = timedelta(hours=1)
) -> None:
    opened = await _opened(session)
    with clock.set_to(MONDAY + after):
        await commands.accept(session, opened.ticket.number, actor=LEAD)
        await commands.reply(session, opened.ticket.number, actor=LEAD, result="已处理")
        await commands.rate(
            session, opened.ticket.number, opened.code, contacted=contacted, solved=solved, satisfied=satisfied
        )


async def _rates(session: AsyncSession, **asked: Any) -> dict[str, Any]:
    await figures.follow(session, everything=True)
    return await figures.rates(session, **({"start": DAY, "end": DAY} | asked))


async def test_no_tickets_have_no_rates(session: AsyncSession) -> None:
    found = await _rates(session)
    assert found["opened"] == 0
    assert {value for name, value in found.items() if name.endswith(("_rate", "_accuracy"))} == {None}


async def test_the_rates_are_what_a_person_counts(session: AsyncSession) -> None:
    await _answered(session, contacted=True, solved=True, satisfied=5)
    await _answered(session, contacted=True, solved=True, satisfied=3)
    await _answered(session, contacted=False, solved=True, satisfied=4, after=timedelta(days=20))  # late
    await _answered(session, contacted=True, solved=False, satisfied=1)  # reopened
    returned = await _opened(session)
    await commands.return_to_centre(session, returned.ticket.number, actor=LEAD, reason="不属于本单位职责")
    await commands.rule_on_return(
        session, returned.ticket.number, actor=SUPERVISOR, upheld=True, department="power_supply"
    )
    await tickets.open(session, draft(), actor=CITIZEN)  # not dispatched
    found = await _rates(session)
    assert (
        found.items()
        >= {
            "start": "2026-11-23",
            "end": "2026-11-23",
            "opened": 6,
            "dispatched": 5,
            "closed": 3,
            "surveyed": 4,
            "reopened": 1,
            "response_rate": 0.75,
            "solution_rate": 0.75,
            "satisfaction_rate": 0.5,
            "first_dispatch_accuracy": 0.8,
            "on_time_rate": 0.75,
            "return_rate": 0.2,
            "reopen_rate": 0.25,
            "callback_rate": 1.0,
        }.items()
    )


async def test_days_are_the_citys_and_both_are_included(session: AsyncSession) -> None:
    for moment in (datetime(2026, 11, 22, 16, tzinfo=UTC), datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)):
        with clock.set_to(moment):
            await tickets.open(session, draft(), actor=CITIZEN)
    for moment in (datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 23, 16, tzinfo=UTC)):
        with clock.set_to(moment):
            await tickets.open(session, draft(), actor=CITIZEN)
    assert (await _rates(session))["opened"] == 2


async def test_the_first_day_must_not_lie_after_the_last(session: AsyncSession) -> None:
    with pytest.raises(BadInput):
        await figures.rates(session, start=DAY, end=DAY - timedelta(days=1))


@pytest.mark.parametrize(("start", "end"), [(date.min, DAY), (DAY, date.max), (date.min, date.min)])
async def test_days_at_the_end_of_time_are_refused_in_a_sentence(session: AsyncSession, start: date, end: date) -> None:
    with pytest.raises(BadInput, match="日期太早或太晚"):
        await figures.rates(session, start=start, end=end)


async def test_a_very_long_time_is_counted(session: AsyncSession) -> None:
    assert (await figures.rates(session, start=date(2, 1, 1), end=date(9998, 12, 31)))["opened"] == 0

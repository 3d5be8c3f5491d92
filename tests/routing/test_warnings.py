"""As a clock runs down, those whom `sla.yaml` names hear of it, once a point, in the clock's own measure."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import clock, ledger
from core.database import transaction
from routing import commands, supervision, tickets, warnings
from routing.models import TicketClock
from routing.policy import Told
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, department, draft

LEAD = department("zhaoxia_gulou")
DISTRICT = department("zhaoxia")

pytestmark = pytest.mark.usefixtures("committing", "monday")


async def sent(to: str = "zhaoxia_gulou") -> str:
    async with transaction() as session:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        await commands.dispatch(session, opened.ticket.number, actor=AGENT, department=to)
    return opened.ticket.number


async def told(actor) -> dict[str, int]:  # type: ignore[no-untyped-def]
    async with transaction() as session:
        return {each.clock.kind: each.warning.percent for each in await warnings.listing(session, actor=actor)}


async def kinds(number: str) -> list[str]:
    async with transaction() as session:
        return [event.kind for event in await ledger.history(session, f"ticket:{number}")]


async def sweep(hours: float) -> None:
    with clock.set_to(MONDAY + timedelta(hours=hours)):
        await supervision.sweep()
        await supervision.sweep()


async def test_half_of_the_working_time_is_the_departments_own_affair() -> None:
    number = await sent()
    # One working day from Monday 09:30: 6.5 hours of Monday and 7 of Tuesday; half is over on Tuesday at 09:15.
    await sweep(23)
    assert await told(LEAD) == {}
    await sweep(24)
    assert await told(LEAD) == {"accept": 50, "contact": 50}
    assert await told(DISTRICT) == await told(AGENT) == {}
    assert "ticket.warned" not in await kinds(number)


async def test_at_eighty_percent_those_above_hear_of_it() -> None:
    number = await sent()
    await sweep(24)
    await sweep(30)  # Tuesday 15:30
    assert await told(LEAD) == await told(DISTRICT) == {"accept": 80, "contact": 80}
    assert await told(AGENT) == {}
    assert (await kinds(number)).count("ticket.warned") == 2


async def test_the_breach_reaches_the_centre_and_is_recorded_once() -> None:
    number = await sent()
    await sweep(33)
    await sweep(40)
    assert await told(AGENT) == {"accept": 100, "contact": 100}
    assert (await kinds(number)).count("ticket.breached") == 2


async def test_after_an_outage_only_the_highest_point_is_told_of() -> None:
    number = await sent()
    await sweep(33)
    assert await told(LEAD) == {"accept": 100, "contact": 100}
    assert "ticket.warned" not in await kinds(number)


async def test_a_clock_set_back_warns_of_nothing_twice() -> None:
    number = await sent()
    await sweep(30)
    await sweep(29)
    await sweep(30.5)
    assert (await kinds(number)).count("ticket.warned") == 2


async def test_a_clock_that_ran_ahead_and_was_mended_marks_once_and_goes_on_watching() -> None:
    number = await sent()
    await sweep(24 * 400)  # into a year that no calendar may know
    assert await told(AGENT) == {"accept": 100, "contact": 100, "resolve": 100}
    another = await sent()  # opened after the mending, on Monday at 09:30
    for hours in (1, 24, 33):
        await sweep(hours)
    for each, clocks in ((number, 3), (another, 2)):
        assert (await kinds(each)).count("ticket.breached") == clocks
    assert "ticket.warned" not in await kinds(number)
    async with transaction() as session:
        await commands.accept(session, number, actor=LEAD)
    assert (await kinds(number))[-1] == "ticket.accepted"


async def test_what_has_been_met_or_is_known_leaves_the_list() -> None:
    number = await sent()
    await sweep(24)
    async with transaction() as session:
        await commands.accept(session, number, actor=LEAD)
        contact = await session.scalar(select(TicketClock.id).where(TicketClock.kind == "contact"))
        assert contact is not None
        assert await warnings.see(session, [contact], actor=DISTRICT) == 0
        assert await warnings.count(session, actor=LEAD) == 1
        assert await warnings.see(session, [contact], actor=LEAD) == 1
        assert await warnings.count(session, actor=LEAD) == 0
    await sweep(30)  # the next point is news again
    assert await told(LEAD) == {"contact": 80}


async def test_a_paused_clock_warns_nobody() -> None:
    from routing import timing

    number = await sent()
    async with transaction() as session:
        await timing.pause(session, await tickets.find(session, number, actor=AGENT))
    await sweep(24 * 30)
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(warnings.TicketWarning)) == 0


async def test_the_centre_answers_for_what_no_department_has() -> None:
    async with transaction() as session:
        ticket = (await tickets.open(session, draft(), actor=CITIZEN)).ticket
    assert warnings.recipients(ticket, "resolve", [Told.LEAD, Told.PARENT]) == ["centre"]
    ticket.lead, ticket.co_handlers = "urban_management", ["power_supply"]
    assert warnings.recipients(ticket, "resolve", [Told.LEAD, Told.CO_HANDLERS]) == ["urban_management", "power_supply"]
    assert warnings.recipients(ticket, "callback", [Told.LEAD]) == ["centre"]

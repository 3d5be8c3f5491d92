"""Why a ticket is where it is: kept with each dispatch and reassignment, and read of the last one."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from routing import commands, dispatching, reasons, tickets
from routing.reasons import Reason
from routing.tickets import Opened
from tests.routing import road
from tests.routing.conftest import AGENT, SUPERVISOR, department
from tests.routing.road import arrive

LAMP = "utilities.lighting.lamp_out"
NAME = "王小明"

pytestmark = pytest.mark.usefixtures("monday")


async def because(session: AsyncSession, opened: Opened) -> Reason:
    found = await reasons.read(session, opened.ticket)
    assert found is not None
    return found


async def kinds(session: AsyncSession, opened: Opened) -> list[str]:
    return [event.kind for event in await ledger.history(session, f"ticket:{opened.ticket.number}")]


async def test_before_its_dispatch_a_ticket_has_none(session: AsyncSession) -> None:
    assert await reasons.read(session, (await arrive(session, "new")).ticket) is None


async def test_a_reassignment_keeps_its_own_and_they_are_read_from_then_on(session: AsyncSession) -> None:
    opened = await arrive(session, "new", category=LAMP)
    await dispatching.dispatch_new(session, opened.ticket.number)
    first = await because(session, opened)
    assert (first.kind, first.automatic, first.department) == ("dispatched", True, "urban_management")
    await commands.reassign(
        session, opened.ticket.number, actor=SUPERVISOR, department="power_supply", reason=f"{NAME}说灯杆是供电公司的"
    )
    last = await because(session, opened)
    assert (last.kind, last.automatic, last.department) == ("reassigned", False, "power_supply")
    assert last.row is not None and last.row["lead"] == "urban_management"
    assert "urban_management" in {each["code"] for each in last.others}
    assert "说灯杆是供电公司的" in last.said and NAME not in last.said


async def test_an_upheld_return_keeps_them_too(session: AsyncSession) -> None:
    opened = await arrive(session, "returned", category=LAMP)
    await road.uphold(session, opened)
    last = await because(session, opened)
    assert (last.kind, last.department, last.said) == ("reassigned", "power_supply", "理由成立")
    assert last.evidence and last.score is not None  # a co-handler of the catalogue's row


async def test_what_a_district_sends_on_keeps_what_spoke_for_the_district(session: AsyncSession) -> None:
    opened = await arrive(session, "new")
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="zhaoxia")
    await commands.reassign(
        session, opened.ticket.number, actor=department("zhaoxia"), department="zhaoxia_gulou", reason="转鼓楼街道"
    )
    assert (await because(session, opened)).department == "zhaoxia_gulou"


async def test_of_a_ticket_that_follows_another_none_are_shown(session: AsyncSession) -> None:
    master, child = await arrive(session, "dispatched"), await arrive(session, "dispatched")
    number = master.ticket.number
    await commands.reassign(session, number, actor=SUPERVISOR, department="power_supply", reason="灯杆产权")
    await commands.merge(session, child.ticket.number, actor=AGENT, into=number, reason="同一盏路灯")
    assert child.ticket.lead == "power_supply"
    assert await reasons.read(session, child.ticket) is None


async def test_a_ruling_on_an_objection_refuses_it(session: AsyncSession) -> None:
    opened = await arrive(session, "returned")
    await road.refuse(session, opened)
    assert (await kinds(session, opened))[-1] == "ticket.return_refused"


@pytest.mark.parametrize("brought_by", ["not helped twice", "disputed after its end"])
async def test_a_ruling_on_what_its_citizen_brought_refuses_nothing(session: AsyncSession, brought_by: str) -> None:
    """Nor where a department had objected at first and was refused."""
    opened = await arrive(session, "returned")
    for step in (road.refuse, road.accept, road.reply):
        await step(session, opened)
    if brought_by == "not helped twice":
        for step in (road.unsolved, road.accept, road.reply, road.unsolved):
            await step(session, opened)
    else:
        await road.rate(session, opened)
        await road.dispute(session, opened)
    assert opened.ticket.state == "returned"
    await road.refuse(session, opened)
    (last,) = (await tickets.history(session, opened.ticket.number, actor=AGENT))[-1:]
    assert (last.kind, last.name) == ("kept", "由原单位继续办理")
    assert last.text == "中心决定仍由市城管局办理\n职责明确"
    # It is settled as it was before: who replied once cannot say now that it is not its duty.
    assert opened.ticket.return_refused

"""What agents send elsewhere by hand speaks against a row of the catalogue, beside what comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import SYSTEM, Actor
from routing import catalogue_changes, catalogue_returns, commands, passed_over, tickets
from routing.catalogue_checks import Change
from routing.catalogue_returns import Returned
from routing.passed_over import PassedOver
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LAMP = "utilities.lighting.lamp_out"  # the row names urban_management

pytestmark = pytest.mark.usefixtures("monday")


async def sent(session: AsyncSession, to: str, *, actor: Actor = AGENT) -> str:
    number = (await tickets.open(session, draft(category=LAMP), actor=CITIZEN)).ticket.number
    await commands.dispatch(session, number, actor=actor, department=to)
    return number


async def lamps(session: AsyncSession) -> Returned | None:
    found = await catalogue_returns.most_returned(session)
    return next((each for each in found if each.row.category == LAMP), None)


async def test_tickets_that_agents_send_elsewhere_propose_a_change_with_their_counts(session: AsyncSession) -> None:
    numbers = [await sent(session, "power_supply") for _ in range(2)]
    await sent(session, "urban_management")
    found = await lamps(session)
    assert found is not None
    assert (found.returned, found.sent_elsewhere, found.tickets, found.proposed) == (0, 2, 3, "power_supply")
    assert found.rate == pytest.approx(2 / 3)
    assert set(found.examples) == set(numbers)


async def test_one_choice_proposes_nothing_and_a_return_beside_it_does(session: AsyncSession) -> None:
    await sent(session, "power_supply")
    assert await lamps(session) is None
    number = await sent(session, "urban_management")
    await commands.reassign(session, number, actor=SUPERVISOR, department="power_supply", reason="产权")
    found = await lamps(session)
    assert found is not None
    assert (found.returned, found.sent_elsewhere, found.proposed) == (1, 1, "power_supply")


async def test_what_the_line_sends_by_itself_is_nobodys_correction(session: AsyncSession) -> None:
    for _ in range(2):
        await sent(session, "power_supply", actor=SYSTEM)
    assert await lamps(session) is None


async def test_what_came_to_the_rows_lead_after_all_speaks_for_the_row(session: AsyncSession) -> None:
    for _ in range(2):
        number = await sent(session, "power_supply")
        await commands.reassign(session, number, actor=SUPERVISOR, department="urban_management", reason="仍归城管")
    assert await lamps(session) is None


async def test_a_district_that_sends_it_on_to_its_street_is_whom_the_row_would_name(session: AsyncSession) -> None:
    for _ in range(2):
        number = await sent(session, "zhaoxia")
        street = "zhaoxia_gulou"
        await commands.reassign(session, number, actor=department("zhaoxia"), department=street, reason="属地")
    found = await lamps(session)
    assert found is not None and found.taken_by == (("zhaoxia", 2),) and found.proposed == "@district"


async def test_a_row_that_was_changed_since_is_proposed_no_more(session: AsyncSession) -> None:
    for _ in range(2):
        await sent(session, "power_supply")
    change = Change(category=LAMP, area="*", lead="power_supply", basis="产权移交")
    with clock.set_to(MONDAY + timedelta(minutes=1)):
        await catalogue_changes.save(session, change, actor=SUPERVISOR, reason="产权", seen=None)
        assert await lamps(session) is None


async def test_a_sealed_ticket_counts_and_its_number_is_not_shown(session: AsyncSession) -> None:
    sealed, other = [await sent(session, "power_supply") for _ in range(2)]
    await commands.seal(session, sealed, actor=SUPERVISOR, reason="涉及举报人安全")
    found = await lamps(session)
    assert found is not None and (found.sent_elsewhere, found.examples) == (2, (other,))


async def test_old_ones_are_left_out_and_only_the_newest_are_read(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(3):
        with clock.set_to(MONDAY + timedelta(minutes=minute)):
            await sent(session, "power_supply")
    monkeypatch.setattr(passed_over, "MOST_READ", 2)
    found = await lamps(session)
    assert found is not None and found.sent_elsewhere == 2
    with clock.set_to(MONDAY + timedelta(days=catalogue_returns.DAYS + 1)):
        assert await lamps(session) is None
    assert await session.scalar(select(func.count()).select_from(PassedOver)) == 3

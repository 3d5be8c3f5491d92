"""Who is at work, what they have on hand, and what follows for a ticket that cannot wait."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import commands, departments, dispatching, duty_hours, loads, tickets
from routing.opening_hours import Opening
from routing.suggestions import suggest
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, draft

OFFICE = Opening.model_validate({"days": [1, 2, 3, 4, 5], "periods": ["9:00-12:00", "13:30-17:30"]})
LAMP = "utilities.lighting.lamp_out"


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(2026, 11, 23, 1, 0), None),  # Monday 09:00 in the city
        (at(2026, 11, 23, 4, 0), at(2026, 11, 23, 5, 30)),  # noon: after lunch
        (at(2026, 11, 20, 9, 30), at(2026, 11, 23, 1, 0)),  # Friday 17:30: on Monday
        (at(2026, 9, 30, 10, 0), at(2026, 10, 8, 1, 0)),  # over National Day
        (at(2026, 10, 10, 2, 0), None),  # a Saturday that is worked
    ],
)
def test_an_office_opens_by_its_hours_and_the_calendar(moment: datetime, opens: datetime | None) -> None:
    assert duty_hours.opens_at(OFFICE, moment) == opens


def test_always_is_always_and_nothing_written_means_office_hours() -> None:
    midnight = at(2026, 11, 22, 16, 0)
    assert duty_hours.is_open("always", midnight)
    assert not duty_hours.is_open(None, midnight) and duty_hours.is_open(None, MONDAY)


def test_the_sample_citys_utilities_are_open_at_night() -> None:
    tree = departments.tree()
    assert tree.get("gas_company").opening == "always" and tree.get("tax").opening == OFFICE


@pytest.mark.parametrize(
    ("category", "state"),
    [
        ("utilities.gas.leak", "dispatched"),  # open all night
        (LAMP, "dispatched"),  # closed, with a night duty that is named
        ("business.tax.service", "new"),  # would be read in the morning
    ],
)
async def test_a_critical_ticket_at_night_goes_only_to_who_sees_it(
    session: AsyncSession, category: str, state: str
) -> None:
    with clock.set_to(at(2026, 11, 23, 18, 0)):  # Tuesday 02:00
        opened = await tickets.open(session, draft(category=category, urgency="critical"), actor=CITIZEN)
        assert (await dispatching.dispatch_new(session, opened.ticket.number)).state == state
        first = (await suggest(session, opened.ticket))[0]
        assert state == "dispatched" or any("上班后才会看到" in said for said in first.evidence)


async def test_what_can_wait_is_dispatched_at_night_too(session: AsyncSession) -> None:
    with clock.set_to(at(2026, 11, 23, 18, 0)):
        opened = await tickets.open(session, draft(category="business.tax.service"), actor=CITIZEN)
        assert (await dispatching.dispatch_new(session, opened.ticket.number)).state == "dispatched"


async def test_candidates_carry_what_they_have_on_hand(session: AsyncSession) -> None:
    with clock.set_to(MONDAY):
        for _ in range(2):
            opened = await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
            await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
        await loads.count(session)
        new = (await tickets.open(session, draft(category=LAMP), actor=CITIZEN)).ticket
        first = (await suggest(session, new))[0]
    assert first.code == "urban_management" and first.load is not None
    assert (first.load.open, first.load.overdue) == (2, 0)

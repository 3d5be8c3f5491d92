"""Dispatch without a person, only where the catalogue says whose duty it is."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.database import transaction
from routing import commands, dispatching, tickets
from tests.routing.conftest import AGENT, CITIZEN, draft


async def test_what_the_catalogue_knows_goes_at_once_with_its_co_handlers(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(category="utilities.lighting.lamp_out"), actor=CITIZEN)
    ticket = await dispatching.dispatch_new(session, opened.ticket.number)
    assert (ticket.state, ticket.lead) == ("dispatched", "urban_management")
    step = (await tickets.history(session, ticket.number, actor=AGENT))[-1]
    assert step.actor == "system"
    assert "派单目录：主办" in step.text


@pytest.mark.parametrize(
    "changes",
    [
        {"category": None},
        # The street's or district's own matter, whose place is not known.
        {"category": "urban.sanitation.garbage_overflow", "district": None, "street": None},
    ],
)
async def test_what_is_not_certain_stays_for_an_agent(session: AsyncSession, changes: dict[str, None]) -> None:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    assert (await dispatching.dispatch_new(session, opened.ticket.number)).state == "new"


@pytest.mark.parametrize(
    ("category", "state", "co_handlers"),
    [
        ("business.window.praise", "new", []),  # the catalogue names the centre as lead: an agent looks at it
        ("business.window.hours", "dispatched", ["zhaoxia"]),  # beside the lead
    ],
)
async def test_nothing_goes_to_the_centre_which_handles_nothing(
    session: AsyncSession, category: str, state: str, co_handlers: list[str]
) -> None:
    opened = await tickets.open(session, draft(category=category), actor=CITIZEN)
    ticket = await dispatching.dispatch_new(session, opened.ticket.number)
    assert (ticket.state, ticket.co_handlers) == (state, co_handlers)


async def test_a_ticket_that_an_agent_has_dispatched_is_left_alone(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(category="utilities.lighting.lamp_out"), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="tax")
    assert (await dispatching.dispatch_new(session, opened.ticket.number)).lead == "tax"


async def test_the_worker_dispatches_what_was_opened(committing: None) -> None:
    async with transaction() as session:
        opened = await tickets.open(
            session, draft(category="utilities.lighting.lamp_out", conversation=None), actor=CITIZEN
        )
    await jobs.run_due()
    async with transaction() as session:
        assert (await tickets.find(session, opened.ticket.number, actor=AGENT)).state == "dispatched"

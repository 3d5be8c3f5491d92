"""A clock that runs out is marked once, whoever looks and however often."""

import asyncio
from datetime import timedelta

import pytest

from core import clock, ledger
from core.database import transaction
from routing import clock_rows, commands, supervision, tickets, timing
from routing.clock_rows import ClockState
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, department, draft

LEAD = department("urban_management")

pytestmark = pytest.mark.usefixtures("committing", "monday")


async def _sent() -> str:
    async with transaction() as session:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    return opened.ticket.number


async def _breaches(number: str) -> list[str]:
    async with transaction() as session:
        events = await ledger.history(session, f"ticket:{number}")
    return [event.data["clock"] for event in events if event.kind == "ticket.breached"]


async def test_in_time_nothing_happens() -> None:
    number = await _sent()
    await supervision.sweep()
    assert await _breaches(number) == []


async def test_each_breach_is_one_event_and_the_ticket_is_supervised() -> None:
    number = await _sent()
    with clock.set_to(MONDAY + timedelta(days=2)):
        await asyncio.gather(supervision.sweep(), supervision.sweep(), supervision.sweep())
        await supervision.sweep()
        assert sorted(await _breaches(number)) == ["accept", "contact"]
    with clock.set_to(MONDAY + timedelta(days=8)):
        await supervision.sweep()
    # The right to return has lapsed; that is no breach.
    assert sorted(await _breaches(number)) == ["accept", "contact", "resolve"]
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=AGENT)
        assert ticket.supervised
        assert "return" not in await timing.running(session, ticket)


async def test_a_breached_clock_can_still_be_met_and_is_then_late() -> None:
    number = await _sent()
    with clock.set_to(MONDAY + timedelta(days=2)):
        await supervision.sweep()
        async with transaction() as session:
            ticket = await commands.accept(session, number, actor=LEAD)
            accept = next(row for row in await timing.of(session, ticket) if row.kind == "accept")
            assert clock_rows.state_of(accept, clock.now()) is ClockState.LATE
        await supervision.sweep()
    assert (await _breaches(number)).count("accept") == 1


async def test_a_ticket_that_somebody_works_on_is_left_for_the_next_round() -> None:
    number = await _sent()
    with clock.set_to(MONDAY + timedelta(days=2)):
        async with transaction() as session:
            await commands.accept(session, number, actor=LEAD)
            await supervision.sweep()  # does not wait for it
            assert await _breaches(number) == []
        await supervision.sweep()
    assert await _breaches(number) == ["contact"]

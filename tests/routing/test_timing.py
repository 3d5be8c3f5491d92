"""A clock that is paused neither warns nor ends; resumed, it has what was left. An extension moves its end on."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict
from routing import clock_rows, commands, policy, supervision, tickets, timing, warnings
from routing.clock_rows import ClockState
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Limit, Policy, Unit
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, department, draft

LEAD = department("urban_management")

pytestmark = pytest.mark.usefixtures("monday")


def local(text: str) -> datetime:
    """The moment of a wall clock in the city, which has no daylight saving time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)


async def accepted(session: AsyncSession) -> Ticket:
    opened = await tickets.open(session, draft(), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    return await commands.accept(session, opened.ticket.number, actor=LEAD)


async def resolve(session: AsyncSession, ticket: Ticket) -> TicketClock:
    return (await timing.running(session, ticket))[ClockKind.RESOLVE]


async def test_a_clock_in_working_days_gets_its_working_time_back(session: AsyncSession) -> None:
    ticket = await accepted(session)
    assert (await resolve(session, ticket)).due_at == local("2026-11-30 17:30")
    with clock.set_to(local("2026-11-27 11:00")):  # Friday: 5 hours of that day left, and the 7 of Monday
        await timing.pause(session, ticket)
    row = await resolve(session, ticket)
    assert clock_rows.state_of(row, local("2026-12-05 00:00")) is ClockState.PAUSED
    with clock.set_to(local("2026-12-08 20:00")):  # a Tuesday night
        await timing.resume(session, ticket)
    # Wednesday's seven hours and five of Thursday's.
    assert (await resolve(session, ticket)).due_at == local("2026-12-10 15:30")


async def test_a_pause_over_a_night_changes_nothing(session: AsyncSession) -> None:
    ticket = await accepted(session)
    with clock.set_to(local("2026-11-24 18:00")):
        await timing.pause(session, ticket)
    with clock.set_to(local("2026-11-25 08:00")):
        await timing.resume(session, ticket)
    assert (await resolve(session, ticket)).due_at == local("2026-11-30 17:30")


async def test_natural_time_is_given_back_as_natural_time(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(urgency="critical"), actor=CITIZEN)
    ticket = opened.ticket
    with clock.set_to(MONDAY + timedelta(hours=20)):
        await timing.pause(session, ticket)
    with clock.set_to(MONDAY + timedelta(days=9)):
        await timing.resume(session, ticket)
    assert (await resolve(session, ticket)).due_at == MONDAY + timedelta(days=9, hours=4)


async def test_an_extension_counts_working_days_from_the_old_end(session: AsyncSession) -> None:
    ticket = await accepted(session)
    row = await timing.extend(session, ticket, working_days=5)  # from Monday, 30 November
    assert row.due_at == local("2026-12-07 17:30")
    with pytest.raises(BadInput, match="至少一个工作日"):
        await timing.extend(session, ticket, working_days=0)


async def test_an_extension_beyond_the_known_calendar_is_provisional(session: AsyncSession) -> None:
    with clock.set_to(local("2026-12-25 10:00")):
        ticket = await accepted(session)
        row = await timing.extend(session, ticket, working_days=10)
    assert row.provisional


async def test_nothing_is_extended_where_no_clock_runs(session: AsyncSession) -> None:
    ticket = await accepted(session)
    await timing.void(session, ticket, ClockKind.RESOLVE)
    with pytest.raises(Conflict, match="没有进行中的办结时限"):
        await timing.extend(session, ticket, working_days=1)


async def test_a_pause_after_the_end_gives_nothing_back(session: AsyncSession) -> None:
    ticket = await accepted(session)
    with clock.set_to(local("2026-12-01 10:00")):
        await timing.pause(session, ticket)
        assert clock_rows.state_of(await resolve(session, ticket), clock.now()) is ClockState.OVERDUE
    with clock.set_to(local("2026-12-09 10:00")):
        await timing.resume(session, ticket)
    assert (await resolve(session, ticket)).due_at == local("2026-11-30 17:30")


async def test_pausing_and_resuming_twice_is_as_doing_it_once(session: AsyncSession) -> None:
    ticket = await accepted(session)
    assert {row.kind for row in await timing.pause(session, ticket)} == {"contact", "return", "resolve"}
    assert await timing.pause(session, ticket) == []
    assert len(await timing.resume(session, ticket)) == 3
    assert await timing.resume(session, ticket) == []


async def test_a_clock_set_back_during_a_pause_takes_nothing_away(session: AsyncSession) -> None:
    ticket = await accepted(session)
    with clock.set_to(local("2026-11-24 11:00")):
        await timing.pause(session, ticket)
    with clock.set_to(local("2026-11-24 10:00")):
        await timing.resume(session, ticket)
    assert (await resolve(session, ticket)).due_at == local("2026-11-30 17:30")


async def test_a_paused_clock_that_is_met_has_not_lost_the_pause(session: AsyncSession) -> None:
    ticket = await accepted(session)
    with clock.set_to(local("2026-11-27 11:00")):
        await timing.pause(session, ticket)
    with clock.set_to(local("2026-12-20 11:00")):
        await timing.meet(session, ticket, ClockKind.RESOLVE)
        row = next(row for row in await timing.of(session, ticket) if row.kind == ClockKind.RESOLVE)
        assert clock_rows.state_of(row, clock.now()) is ClockState.MET


@pytest.mark.usefixtures("committing")
async def test_a_paused_clock_does_not_breach() -> None:
    from core.database import transaction

    async with transaction() as session:
        ticket = await accepted(session)
        await timing.pause(session, ticket)
    with clock.set_to(MONDAY + timedelta(days=60)):
        await supervision.sweep()
    async with transaction() as session:
        assert all(row.breached_at is None for row in await timing.of(session, ticket))
        assert (await tickets.find(session, ticket.number, actor=AGENT)).supervised is False


async def test_a_clock_that_the_policy_no_longer_sets_ends_and_one_that_it_sets_begins_anew_unwarned(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await accepted(session)
    for row in (await timing.running(session, ticket)).values():
        row.warned = 50
        await warnings.keep(session, [(row, 50, ["urban_management"])])
    limit = Limit(clock=ClockKind.RESOLVE, amount=1, unit=Unit.HOURS)
    sole = Policy(code="sole", name="只有办结", selected=True, source="this test", limits=(limit,))
    monkeypatch.setattr(clock_rows, "sla", lambda: policy.sla().model_copy(update={"policies": (sole,)}))
    await timing.start(session, ticket, ClockKind.CONTACT)
    assert ClockKind.CONTACT not in await timing.running(session, ticket)
    assert ClockKind.RESOLVE in {each.clock.kind for each in await warnings.listing(session, actor=LEAD)}
    await timing.start(session, ticket, ClockKind.RESOLVE)
    told = [each.clock.kind for each in await warnings.listing(session, actor=LEAD)]
    assert ClockKind.RESOLVE not in told and ClockKind.CONTACT not in told and told

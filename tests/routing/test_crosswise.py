"""Commands that meet: on connections of their own, one of them waits and the other wins, and none waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import transaction
from core.errors import Conflict
from routing import commands, tickets
from routing.models import Ticket, TicketClock
from routing.tickets import Opened
from tests.routing.conftest import AGENT, CITIZEN, SUPERVISOR, department, draft

pytestmark = pytest.mark.usefixtures("committing")

LEAD = department("urban_management")


async def opened(*, conversation: str, join: str | None = None) -> Opened:
    async with transaction() as session:
        return await tickets.open(session, draft(conversation=conversation), actor=CITIZEN, join=join)


async def given(command: Callable[[AsyncSession], Awaitable[Any]]) -> bool:
    """Give a command in a transaction of its own and say whether it was taken."""
    try:
        async with transaction() as session:
            await command(session)
    except Conflict:
        return False
    return True


async def state(number: str) -> str:
    async with transaction() as session:
        return str(await session.scalar(select(Ticket.state).where(Ticket.number == number)))


async def test_two_tickets_merged_into_each_other_are_one_master_and_one_that_follows() -> None:
    for attempt in range(8):
        one, two = [(await opened(conversation=f"x-{attempt}-{n}")).ticket.number for n in range(2)]
        taken = await asyncio.gather(
            given(lambda s, a=one, b=two: commands.merge(s, a, actor=AGENT, into=b, reason="同一件事")),
            given(lambda s, a=two, b=one: commands.merge(s, a, actor=AGENT, into=b, reason="同一件事")),
        )
        assert sorted(taken) == [False, True]
        assert sorted([await state(one), await state(two)]) == ["merged", "new"]


async def test_nobody_is_lost_who_joins_a_ticket_while_it_is_withdrawn() -> None:
    for attempt in range(8):
        master = await opened(conversation=f"m-{attempt}")
        number = master.ticket.number
        joining = [opened(conversation=f"j-{attempt}-{n}", join=number) for n in range(4)]
        withdrawn, *joined = await asyncio.gather(
            given(lambda s, m=master: commands.withdraw(s, m.ticket.number, m.code)), *joining
        )
        assert withdrawn
        async with transaction() as session:
            rows = await session.execute(
                select(Ticket.id, Ticket.state, Ticket.merged_into).where(
                    Ticket.number.in_([each.ticket.number for each in joined])
                )
            )
            found = {id: (state, into) for id, state, into in rows}
            masters = {id for id, (state, _) in found.items() if state == "new"}
            assert masters and all(into in masters for state, into in found.values() if state == "merged")
            clocks = select(TicketClock.ticket_id, func.count()).where(
                TicketClock.ticket_id.in_(masters), TicketClock.void_at.is_(None), TicketClock.kind == "resolve"
            )
            assert dict((await session.execute(clocks.group_by(TicketClock.ticket_id))).all()) == dict.fromkeys(
                masters, 1
            )


async def test_whoever_joins_does_not_wait_for_others_who_join() -> None:
    master = (await opened(conversation="hot")).ticket.number
    for n in range(3):
        await opened(conversation=f"before-{n}", join=master)
    async with transaction() as session:
        await tickets.open(session, draft(conversation="slow"), actor=CITIZEN, join=master)
        # The first has not committed yet.
        joined = await asyncio.wait_for(opened(conversation="fast", join=master), timeout=5)
    assert joined.joined


async def test_the_same_ruling_given_twice_is_taken_once() -> None:
    number = (await opened(conversation="twice")).ticket.number
    async with transaction() as session:
        await commands.dispatch(session, number, actor=AGENT, department="urban_management")
        await commands.accept(session, number, actor=LEAD)
        await commands.ask_extension(session, number, actor=LEAD, working_days=2, reason="等待到货")
    taken = await asyncio.gather(
        *(
            given(
                lambda s, yes=yes: commands.rule_on_extension(s, number, actor=SUPERVISOR, approved=yes, reason="看过")
            )
            for yes in (True, False)
        )
    )
    assert sorted(taken) == [False, True]

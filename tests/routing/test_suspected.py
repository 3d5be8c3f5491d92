"""Pairs that are probably one matter: found once, listed for the centre, settled by a merge or by a word for good."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.database import transaction
from core.errors import Conflict, Forbidden
from routing import commands, nearby, suspected, tickets
from routing.growing import gathering
from routing.models import Ticket
from routing.suspected import SuspectedPair
from tests.routing.conftest import AGENT, MONDAY, SUPERVISOR, department
from tests.routing.test_growing import opened

SOON = MONDAY + timedelta(minutes=1)


async def listed() -> list[tuple[str, str]]:
    """Return the whole list, read pair by pair."""
    found: list[tuple[str, str]] = []
    after = ""
    with clock.set_to(SOON):
        while True:
            async with transaction() as session:
                page = await suspected.listing(session, actor=AGENT, limit=1, after=after)
            if not page:
                return found
            found.append((page[0].first.number, page[0].second.number))
            after = page[0].mark


async def kept() -> set[tuple[str, str]]:
    """Return the pairs that nobody has settled, listed or not."""
    async with transaction() as session:
        numbers = {each.id: each.number for each in await session.scalars(select(Ticket))}
        found = await session.scalars(select(SuspectedPair).where(SuspectedPair.verdict.is_(None)))
        return {(numbers[each.first_id], numbers[each.second_id]) for each in found}


async def suspicious(count: int, **changes: Any) -> list[str]:
    numbers = await opened(count, **changes)
    with clock.set_to(SOON):
        await gathering.gather()
    return numbers


async def alike(number: str) -> list[str]:
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=SUPERVISOR)
        vector = (await session.scalars(select(Ticket.embedding).where(Ticket.id == ticket.id))).one()
        with clock.set_to(SOON):
            return [each.number for each in await nearby.alike(session, ticket, vector, least=0.35)]


async def merge(number: str, into: str) -> None:
    async with transaction() as session:
        await commands.merge(session, number, actor=AGENT, into=into, reason="同一件事")


async def apart(number: str, other: str) -> None:
    async with transaction() as session:
        await commands.tell_apart(session, number, actor=AGENT, other=other)


async def test_each_pair_is_kept_once_and_each_ticket_listed_with_the_likeliest_other(committing: None) -> None:
    a, b, c = await suspicious(3)
    assert await kept() == {(a, b), (a, c), (b, c)}
    # Two merges make them one: each ticket stands with the one that it is most like.
    every = await listed()
    assert {number for pair in every for number in pair} == {a, b, c} and len(every) == 2
    with clock.set_to(SOON):
        await gathering.gather()
    assert await listed() == every


async def test_what_was_told_apart_is_not_shown_again_anywhere(committing: None) -> None:
    a, b, c = await suspicious(3)
    await apart(b, a)
    assert await kept() == {(a, c), (b, c)} == set(await listed())
    assert (await alike(a), await alike(b)) == ([c], [c])
    with pytest.raises(Conflict, match="已经判定"):
        await apart(a, b)
    async with transaction() as session:
        steps = await tickets.history(session, a, actor=AGENT)
    assert (steps[-1].name, steps[-1].text) == ("判为不同的事", f"与{b}不是同一件事")


async def test_a_merge_settles_the_pair_and_asks_the_rest_of_the_master(committing: None) -> None:
    a, b, c = await suspicious(3)
    await apart(a, c)
    await merge(b, a)
    # b was like c, a is not c: nothing is left to ask.
    assert await kept() == set() and await listed() == []
    async with transaction() as session:
        assert await suspected.agreed(session, actor=AGENT) == (1, 1)


async def test_what_a_follower_was_suspected_to_be_is_asked_of_its_master(committing: None) -> None:
    a, b, c = await suspicious(3)
    async with transaction() as session:
        ids = {each.number: each.id for each in await session.scalars(select(Ticket))}
        await session.delete(await session.get_one(SuspectedPair, (ids[a], ids[c])))
    assert await kept() == {(a, b), (b, c)}
    await merge(b, a)
    assert await listed() == [(a, c)]


async def test_an_undone_merge_tells_the_two_apart(committing: None) -> None:
    a, b = await suspicious(2)
    await merge(b, a)
    with pytest.raises(Conflict, match="先取消并单"):
        await apart(a, b)
    async with transaction() as session:
        await commands.unmerge(session, b, actor=AGENT, reason="不是同一处")
    assert (await listed(), await alike(a)) == ([], [])


async def test_pairs_of_tickets_that_have_ended_are_left_out_and_cleared(committing: None) -> None:
    a, b, c = await suspicious(3)
    with clock.set_to(SOON):
        async with transaction() as session:
            await commands.withdraw_for(session, a, actor=AGENT, reason="市民说不用了")
        assert await listed() == [(b, c)]
        await suspected.clear()
    async with transaction() as session:
        assert len(list(await session.scalars(select(SuspectedPair)))) == 1


async def test_pairs_with_a_sealed_ticket_are_in_no_list(committing: None) -> None:
    a, *_ = await suspicious(2)
    async with transaction() as session:
        await commands.seal(session, a, actor=SUPERVISOR, reason="涉及举报人安全")
    assert await listed() == []


@pytest.mark.parametrize("mark", ["", "0.5", "9_9_9", "0.5_1_1' or 1", "１_1_1"])
async def test_what_is_no_mark_begins_the_list_anew(mark: str, committing: None) -> None:
    await suspicious(2)
    async with transaction() as session:
        assert len(await suspected.listing(session, actor=AGENT, after=mark)) == 1


async def test_only_the_centre_reads_the_list(session: AsyncSession) -> None:
    for read in (suspected.listing, suspected.agreed):
        with pytest.raises(Forbidden):
            await read(session, actor=department("water_group"))

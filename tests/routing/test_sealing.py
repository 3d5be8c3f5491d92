"""密件: who sees a sealed ticket, that every opening is kept, and that nothing leads to it."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import Actor
from core.errors import Conflict, NotFound
from routing import commands, experience, labels, parts, tickets, timing, vectors, warnings
from tests.routing import road
from tests.routing.conftest import AGENT, EDITOR, SUPERVISOR
from tests.routing.road import ADMINISTRATOR, LEAD, OTHER, arrive

pytestmark = pytest.mark.usefixtures("monday")


@pytest.mark.parametrize(
    ("actor", "sees"),
    [(SUPERVISOR, True), (ADMINISTRATOR, True), (LEAD, True), (OTHER, False), (AGENT, False), (EDITOR, False)],
    ids=["supervisor", "administrator", "lead", "co-handler", "agent", "editor"],
)
async def test_supervisors_and_the_department_that_leads_see_it(
    session: AsyncSession, actor: Actor, sees: bool
) -> None:
    opened = await arrive(session, "accepted")
    await road.seal(session, opened)
    found = await tickets.listing(session, actor=actor, query=opened.ticket.number)
    assert [ticket.number for ticket in found] == ([opened.ticket.number] if sees else [])
    assert sum((await tickets.counts(session, actor=actor)).values()) == int(sees)
    if sees:
        assert (await tickets.find(session, opened.ticket.number, actor=actor)).sealed
    else:
        with pytest.raises(NotFound):
            await tickets.find(session, opened.ticket.number, actor=actor)


async def test_its_citizen_follows_it_as_before(session: AsyncSession) -> None:
    opened = await arrive(session, "accepted")
    await road.seal(session, opened)
    assert (await tickets.public_status(session, opened.ticket.number, opened.code))["state"] == "accepted"
    await road.supplement(session, opened)


async def test_a_co_handler_that_is_not_named_owes_nothing_more(session: AsyncSession) -> None:
    opened = await arrive(session, "accepted")
    await road.ask_part(session, opened)
    await road.seal(session, opened)
    (part,) = await parts.of(session, opened.ticket)
    assert part.void_at is not None and (opened.ticket.co_handlers, opened.ticket.open_parts) == ([], {})
    named = await arrive(session, "accepted")
    await commands.seal(
        session, named.ticket.number, actor=SUPERVISOR, reason="涉及人身安全", co_handlers=["power_supply"]
    )
    assert (await tickets.find(session, named.ticket.number, actor=OTHER)).sealed


async def test_every_opening_is_kept_and_of_other_tickets_none(session: AsyncSession) -> None:
    opened = await arrive(session, "accepted")
    subject = f"ticket:{opened.ticket.number}"
    before = len(await ledger.history(session, subject))
    await commands.note_reading(session, opened.ticket, actor=SUPERVISOR)
    assert len(await ledger.history(session, subject)) == before
    await road.seal(session, opened)
    for reader in (SUPERVISOR, LEAD):
        await commands.note_reading(session, opened.ticket, actor=reader)
    events = [event for event in await ledger.history(session, subject) if event.kind == "ticket.sealed_read"]
    assert [event.actor for event in events] == [str(SUPERVISOR), str(LEAD)]


async def test_nothing_is_learnt_from_it(session: AsyncSession) -> None:
    opened = await arrive(session, "closed", category="utilities.lighting.lamp_out")
    await vectors.keep(session, opened.ticket)
    other = await arrive(session, "new", category="utilities.lighting.lamp_out")
    await vectors.keep(session, other.ticket)
    made_by, vector = other.ticket.encoder, [float(each) for each in other.ticket.embedding]

    async def learnt() -> tuple[int, int, int]:
        likes = await experience.similar(session, other.ticket, vector=vector, made_by=str(made_by))
        settled = await labels.settled(session, most=10)
        return likes.count, len(settled), await labels.count_since(session, None)

    assert await learnt() == (1, 1, 1)
    await road.seal(session, opened)
    assert await learnt() == (0, 0, 0)


async def test_what_others_follow_or_follows_another_is_not_sealed(session: AsyncSession) -> None:
    master, child = await arrive(session, "dispatched"), await arrive(session, "dispatched")
    await commands.merge(session, child.ticket.number, actor=AGENT, into=master.ticket.number, reason="同一盏路灯")
    for each in (master, child):
        with pytest.raises(Conflict, match="取消并单"):
            await road.seal(session, each)
    await road.unmerge(session, child)
    await road.seal(session, child)
    with pytest.raises(Conflict):
        await commands.merge(
            session, child.ticket.number, actor=SUPERVISOR, into=master.ticket.number, reason="同一盏路灯"
        )


async def test_what_is_split_off_is_sealed_too(session: AsyncSession) -> None:
    opened = await arrive(session, "accepted")
    await road.seal(session, opened)
    assert (await road.split(session, opened, actor=SUPERVISOR)).ticket.sealed


async def test_what_was_split_off_before_is_sealed_with_it_each_with_its_event(session: AsyncSession) -> None:
    opened = await arrive(session, "accepted")
    second = await road.split(session, opened)
    third = await commands.split(
        session, second.ticket.number, actor=AGENT, title="树枝遮挡", description="树枝挡住路灯", reason="两件事"
    )
    await road.seal(session, opened)
    for each in (opened, second, third):
        await session.refresh(each.ticket)
        assert each.ticket.sealed
        with pytest.raises(NotFound):
            await tickets.find(session, each.ticket.number, actor=AGENT)
        last = (await tickets.history(session, each.ticket.number, actor=SUPERVISOR))[-1]
        assert last.kind == "sealed" and (each is opened or f"随{opened.ticket.number}一并" in last.text)
        assert (await tickets.public_status(session, each.ticket.number, each.code))["number"] == each.ticket.number
    # Each is unsealed for itself.
    await commands.unseal(session, second.ticket.number, actor=ADMINISTRATOR, reason="与案件无关")
    assert (opened.ticket.sealed, second.ticket.sealed, third.ticket.sealed) == (True, False, True)


async def test_nothing_is_sealed_while_what_was_split_off_is_merged(session: AsyncSession) -> None:
    opened, other = await arrive(session, "accepted"), await arrive(session, "dispatched")
    second = await road.split(session, opened)
    await commands.merge(session, second.ticket.number, actor=AGENT, into=other.ticket.number, reason="同一盏路灯")
    with pytest.raises(Conflict, match=second.ticket.number):
        await road.seal(session, opened)
    assert not opened.ticket.sealed and not second.ticket.sealed


async def test_the_steps_of_an_ordinary_ticket_name_no_sealed_one_to_who_does_not_see_it(session: AsyncSession) -> None:
    sealed, ordinary = await arrive(session, "accepted"), await arrive(session, "dispatched")
    number = sealed.ticket.number
    await commands.link(session, ordinary.ticket.number, actor=AGENT, other=number)
    await road.seal(session, sealed)

    async def read(actor: Actor) -> str:
        return str(await tickets.history(session, ordinary.ticket.number, actor=actor))

    assert number in await read(SUPERVISOR) and number in await read(LEAD)
    assert number not in await read(AGENT) and "另一件工单" in await read(AGENT)


async def test_who_may_not_see_it_is_not_warned_of_its_clocks(session: AsyncSession) -> None:
    opened = await arrive(session, "dispatched")
    row = (await timing.running(session, opened.ticket))["accept"]
    await warnings.keep(session, [(row, 100, [warnings.CENTRE, "power_supply"])])
    assert await warnings.count(session, actor=AGENT) == 1
    await road.seal(session, opened)
    for actor, told in ((AGENT, 0), (OTHER, 0), (SUPERVISOR, 1)):
        assert await warnings.count(session, actor=actor) == told
        assert len(await warnings.listing(session, actor=actor)) == told

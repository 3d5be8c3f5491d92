"""Negotiations on tickets that are sealed or become secret: who was asked before reads them no longer."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Role
from core.errors import NotFound
from routing import commands, negotiated, negotiations, tickets
from routing.negotiated import Negotiation
from routing.suggestions import suggest
from routing.tickets import Opened
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, SUPERVISOR, department, draft
from tests.routing.road import ADMINISTRATOR

LAMP = "utilities.lighting.lamp_out"
LEAD, ASKED, STRANGER = department("urban_management"), department("housing"), department("tax")
SYSTEM_OF_ASKED = Actor(kind="client", role=Role.DEPARTMENT, department="housing")
EVERYBODY = {
    "supervisor": SUPERVISOR,
    "administrator": ADMINISTRATOR,
    "agent": AGENT,
    "editor": EDITOR,
    "lead": LEAD,
    "asked": ASKED,
    "its system": SYSTEM_OF_ASKED,
    "stranger": STRANGER,
    "citizen": CITIZEN,
}
CENTRE = {"supervisor", "administrator"}

pytestmark = pytest.mark.usefixtures("monday")


async def asked(session: AsyncSession, **changes: str) -> tuple[Opened, Negotiation]:
    """A negotiation on a ticket that urban_management, one of those asked, leads meanwhile."""
    opened = await tickets.open(session, draft(category=LAMP, **changes), actor=CITIZEN)
    return opened, await ask(session, opened, first_receiver="urban_management")


async def ask(session: AsyncSession, opened: Opened, *, first_receiver: str | None = None) -> Negotiation:
    return await negotiations.open(
        session,
        opened.ticket.number,
        actor=SUPERVISOR,
        participants=["urban_management", "housing"],
        question="小区外墙的灯归谁管？王小明问过物业",
        first_receiver=first_receiver,
    )


async def readers(session: AsyncSession, made: Negotiation) -> set[str]:
    """Who finds it; whoever does has it in the list, and nobody else has."""
    found = set()
    for name, actor in EVERYBODY.items():
        listed = made.id in [each.id for each in await negotiated.listing(session, actor=actor)]
        try:
            await negotiated.find(session, made.id, actor=actor)
            found.add(name)
        except NotFound:
            pass
        assert listed == (name in found)
    return found


async def test_who_was_asked_and_the_centre_read_it(session: AsyncSession) -> None:
    _, made = await asked(session)
    assert await readers(session, made) == CENTRE | {"agent", "lead", "asked", "its system"}


async def test_of_a_ticket_that_is_sealed_only_who_works_on_it_and_who_rules(session: AsyncSession) -> None:
    opened, made = await asked(session)
    await commands.seal(session, opened.ticket.number, actor=SUPERVISOR, reason="涉及人身安全")
    assert await readers(session, made) == CENTRE | {"lead"}
    with pytest.raises(NotFound):
        await negotiations.state_position(session, made.id, actor=ASKED, stance="declines", text="不属我局职责")
    assert await negotiated.waiting_for(session, actor=ASKED) == 0
    assert await negotiated.waiting_for(session, actor=LEAD) == 1
    assert await negotiated.asked(session, made) == []  # nor are its steps announced to them
    (silent,) = [each for each in await negotiated.positions(session, made) if each.department == "housing"]
    assert silent.shut_at is not None and not negotiated.overdue(made, silent, made.due_at + timedelta(hours=1))


async def test_unsealing_does_not_open_it_again(session: AsyncSession) -> None:
    opened, made = await asked(session)
    await commands.seal(session, opened.ticket.number, actor=SUPERVISOR, reason="涉及人身安全")
    await commands.unseal(session, opened.ticket.number, actor=ADMINISTRATOR, reason="不再需要")
    assert await readers(session, made) == CENTRE | {"agent", "lead"}


async def test_whom_the_decision_names_reads_it_again(session: AsyncSession) -> None:
    opened, made = await asked(session)
    await commands.seal(session, opened.ticket.number, actor=SUPERVISOR, reason="涉及人身安全")
    await negotiations.decide(session, made.id, actor=SUPERVISOR, lead="housing", basis="移交协议", reason="红线内")
    assert await readers(session, made) == CENTRE | {"asked", "its system"}


async def test_of_a_sealed_ticket_who_is_asked_knowingly_reads_it(session: AsyncSession) -> None:
    opened, made = await asked(session)
    await commands.seal(session, opened.ticket.number, actor=SUPERVISOR, reason="涉及人身安全")
    await negotiations.drop(session, made.id, actor=SUPERVISOR, reason="转为密件，重新征求意见")
    again = await ask(session, opened)
    assert await readers(session, again) == CENTRE | {"lead", "asked", "its system"}
    assert await readers(session, made) == CENTRE | {"lead"}


@pytest.mark.parametrize("how", ["the citizen asks for it", "a correction"])
async def test_what_becomes_secret_closes_to_who_was_asked_before(session: AsyncSession, how: str) -> None:
    opened, made = await asked(session)
    said = await negotiations.state_position(
        session, made.id, actor=ASKED, stance="declines", text="王小明来过", basis="王小明的来信"
    )
    if how == "a correction":
        number = opened.ticket.number
        await commands.correct(session, number, actor=SUPERVISOR, reason="是举报", request_type="tip_off")
    else:
        await commands.supplement(session, opened.ticket.number, opened.code, text="请保密，别让他们知道是我")
    assert await readers(session, made) == CENTRE | {"agent", "lead"}
    for kept in (made.question, said.text, said.basis):
        assert kept and "王小明" not in kept and "王**" not in kept


async def test_what_is_secret_from_the_beginning_is_read_without_its_author(session: AsyncSession) -> None:
    _, made = await asked(session, request_type="tip_off")
    assert "asked" in await readers(session, made) and "王小明" not in made.question


async def test_a_secret_ticket_that_takes_a_masters_place_is_not_read_by_who_was_asked_about_the_master(
    session: AsyncSession,
) -> None:
    master, made = await asked(session)
    child = await tickets.open(session, draft(category=LAMP, request_type="tip_off"), actor=CITIZEN)
    await commands.merge(session, child.ticket.number, actor=AGENT, into=master.ticket.number, reason="同一盏灯")
    await commands.withdraw(session, master.ticket.number, master.code)
    await session.refresh(made)
    assert made.ticket_id == child.ticket.id
    assert await readers(session, made) == CENTRE | {"agent", "lead"}


async def test_a_decision_on_a_sealed_ticket_is_no_precedent(session: AsyncSession) -> None:
    opened, made = await asked(session)
    await negotiations.decide(session, made.id, actor=SUPERVISOR, lead="education", basis="移交协议", reason="红线内")
    other = (await tickets.open(session, draft(category=LAMP), actor=CITIZEN)).ticket
    assert "education" in {each.code for each in await suggest(session, other)}
    await commands.seal(session, opened.ticket.number, actor=SUPERVISOR, reason="涉及人身安全")
    assert "education" not in {each.code for each in await suggest(session, other)}

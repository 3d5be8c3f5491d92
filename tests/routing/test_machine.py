"""The machine as a whole: from which states each command is taken, by whom, and that nothing else is."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import SYSTEM, Actor
from core.errors import Conflict, Forbidden, NotFound, YitongError
from routing import tickets
from routing.granting import COMMANDS
from routing.workflow import STATES
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, SUPERVISOR
from tests.routing.road import (
    ALLOWED_FROM,
    BY_AGENTS,
    BY_CITIZENS,
    BY_SUPERVISORS,
    FIRST,
    GIVEN,
    HANDLING,
    LEAD,
    LEADS_TO,
    OTHER,
    OWN,
    PARTS,
    ROAD,
    STAFF_COMMANDS,
    STRANGER,
    arrive,
    start,
)

pytestmark = pytest.mark.usefixtures("monday")


def test_the_tables_speak_of_every_command_and_state() -> None:
    assert GIVEN.keys() == ALLOWED_FROM.keys() == COMMANDS.keys()
    assert set(ROAD) == set(STATES)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_is_taken_from_its_states_and_from_no_other(
    session: AsyncSession, command: str, state: str
) -> None:
    opened = await arrive(session, state)
    if state in ALLOWED_FROM[command]:
        for step in FIRST.get(command, []):
            await step(session, opened)
    events = await ledger.history(session, f"ticket:{opened.ticket.number}")
    if state in ALLOWED_FROM[command]:
        await GIVEN[command](session, opened, SYSTEM)
        assert opened.ticket.state == LEADS_TO.get(command, state)
        assert len(await ledger.history(session, f"ticket:{opened.ticket.number}")) > len(events)
    else:
        with pytest.raises(Conflict) as refused:
            await GIVEN[command](session, opened, SYSTEM)
        assert refused.value.sentence.endswith("。")
        assert opened.ticket.state == state
        assert len(await ledger.history(session, f"ticket:{opened.ticket.number}")) == len(events)


@pytest.mark.parametrize("command", sorted(STAFF_COMMANDS))
@pytest.mark.parametrize(
    ("actor", "may", "otherwise"),
    [
        (AGENT, BY_AGENTS, Forbidden),
        (SUPERVISOR, BY_SUPERVISORS, Forbidden),
        (LEAD, HANDLING, Forbidden),
        (OTHER, PARTS, Forbidden),  # a co-handler sees the ticket
        (STRANGER, set(), NotFound),
        (EDITOR, set(), NotFound),
        (CITIZEN, {"urge", "supplement", "withdraw"}, NotFound),
        (SYSTEM, STAFF_COMMANDS, Forbidden),
    ],
    ids=["agent", "supervisor", "lead", "co-handler", "other department", "editor", "citizen", "system"],
)
async def test_a_command_is_taken_from_those_who_may_give_it(
    session: AsyncSession, command: str, actor: Actor, may: set[str], otherwise: type[YitongError]
) -> None:
    state = start(command)
    opened = await arrive(session, state)
    for step in FIRST.get(command, []):
        await step(session, opened)
    if command in {"dispatch", "answer", "unmerge"}:  # nobody leads yet: departments do not see it
        otherwise = NotFound if actor.department else otherwise
    if command == "unseal" and actor in {AGENT, OTHER}:  # they do not see it any more
        otherwise = NotFound
    if command in may:
        await GIVEN[command](session, opened, actor)
        assert opened.ticket.state == LEADS_TO.get(command, state)
    else:
        with pytest.raises(otherwise):
            await GIVEN[command](session, opened, actor)
        assert opened.ticket.state == state


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("actor", [AGENT, SUPERVISOR, LEAD, OTHER, STRANGER, EDITOR, CITIZEN], ids=str)
async def test_what_is_shown_as_possible_is_possible_and_nothing_else_is(
    session: AsyncSession, actor: Actor, state: str
) -> None:
    opened = await arrive(session, state)
    shown = set(await tickets.allowed(session, opened.ticket, actor=actor))
    possible = set()
    for command in COMMANDS:
        if (command in OWN and actor is not CITIZEN) or (command not in BY_CITIZENS and actor is CITIZEN):
            continue
        async with session.begin_nested() as attempt:
            try:
                await GIVEN[command](session, opened, actor)
                possible.add(command)
            except YitongError:
                pass
            await attempt.rollback()
        await session.refresh(opened.ticket)
    assert shown == possible


# The last four name another ticket, which is another one each time here.
MAY_BE_REPEATED = {"contact", "supplement", "split", "link", "unlink", "tell_apart"}


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - MAY_BE_REPEATED))
async def test_the_same_command_twice_is_refused_in_a_sentence(session: AsyncSession, command: str) -> None:
    opened = await arrive(session, start(command))
    for step in FIRST.get(command, []):
        await step(session, opened)
    await GIVEN[command](session, opened)
    after = opened.ticket.state, opened.ticket.lead
    with pytest.raises(Conflict) as refused:
        await GIVEN[command](session, opened)
    assert refused.value.sentence.endswith("。")
    assert (opened.ticket.state, opened.ticket.lead) == after

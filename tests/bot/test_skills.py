"""The queue by skill: who can do what is wanted sees it first, then anybody; nobody waits for who is not there."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, handover
from core import auth, clock, credentials
from core.auth import Actor, Role
from core.errors import Conflict

PASSWORD = "only for tests"


async def staff(session: AsyncSession, login: str, *skills: str, role: Role = Role.AGENT) -> Actor:
    """Somebody who is signed in."""
    hashed = credentials.hash_password(PASSWORD)
    await auth.create_staff(session, login=login, name=login, password_hash=hashed, role=role)
    await auth.set_skills(session, login=login, skills=skills)
    return (await auth.sign_in(session, login=login, password=PASSWORD))[0].actor()


async def asks(session: AsyncSession, skill: str | None = None, reason: str = "asked") -> str:
    conversation, _ = await conversations.open(session, channel="web")
    await handover.request(session, conversation.id, reason, skill=skill)
    return conversation.id


async def listed(session: AsyncSession, agent: Actor) -> list[tuple[str, bool]]:
    waiting = await handover.waiting(session, actor=agent)
    return [(each.conversation, each.may_be_taken_by(agent)) for each in waiting]


@pytest.fixture
async def agents(session: AsyncSession) -> AsyncIterator[tuple[Actor, Actor]]:
    """One who speaks English, one who does not."""
    yield await staff(session, "ying", "english"), await staff(session, "pu")


async def test_who_has_the_skill_sees_it_first(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    english, other = agents
    plain = await asks(session)
    wanted = await asks(session, "english")
    assert await listed(session, english) == [(wanted, True), (plain, True)]
    assert await listed(session, other) == [(plain, True), (wanted, False)]


async def test_after_its_time_it_goes_to_anybody(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    english, other = agents
    id = await asks(session, "english")
    with pytest.raises(Conflict, match="英语专席"):
        await handover.take(session, id, actor=other)
    desk = duty.skill("english")
    assert desk is not None
    with clock.set_to(clock.now() + timedelta(seconds=desk.reserved_seconds + 1), running=True):
        await handover.take(session, id, actor=other)
    assert await handover.holder(session, id) == other.id != english.id


async def test_nothing_is_kept_for_who_is_not_there(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    _, other = agents
    id = await asks(session, "dialect")
    await handover.take(session, id, actor=other)
    assert await handover.holder(session, id) == other.id


async def test_a_supervisor_need_not_wait(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    supervisor = await staff(session, "zhou", role=Role.SUPERVISOR)
    id = await asks(session, "english")
    await handover.take(session, id, actor=supervisor)
    assert await handover.holder(session, id) == supervisor.id


async def test_an_emergency_comes_before_every_desk_and_anybody_takes_it(
    session: AsyncSession, agents: tuple[Actor, Actor]
) -> None:
    english, other = agents
    await staff(session, "ji", "emergency")
    await asks(session, "english")
    urgent = await asks(session, "english", handover.EMERGENCY)
    for agent in (english, other):
        assert (await handover.waiting(session, actor=agent))[0].conversation == urgent
    await handover.take(session, urgent, actor=other)


async def test_a_desk_that_the_city_does_not_have_is_none(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    id = await asks(session, "whistling")
    [waiting] = await handover.waiting(session)
    assert (waiting.conversation, waiting.skill) == (id, None)


async def test_a_skill_that_shows_later_keeps_the_place(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    first, second = await asks(session), await asks(session)
    assert await handover.position(session, first) == 1
    await handover.request(session, first, "asked", skill="english")
    waiting = {each.conversation: each for each in await handover.waiting(session)}
    assert waiting[first].skill == "english" and waiting[second].skill is None
    assert waiting[first].since <= waiting[second].since


async def test_of_each_desk_only_its_own_are_listed(session: AsyncSession, agents: tuple[Actor, Actor]) -> None:
    plain, english = await asks(session), await asks(session, "english")
    assert [each.conversation for each in await handover.waiting(session, desk="english")] == [english]
    assert [each.conversation for each in await handover.waiting(session, desk="")] == [plain]


async def test_who_has_signed_out_or_lacks_the_permission_is_not_there(session: AsyncSession) -> None:
    agent = await staff(session, "ying", "english")
    await staff(session, "admin", "dialect", role=Role.ADMINISTRATOR)
    assert await duty.present(session, "english") and not await duty.present(session, "dialect")
    with clock.set_to(clock.now() + timedelta(days=2), running=True):
        assert not await duty.present(session)
        assert await auth.away(session, [agent.id or 0]) == {agent.id}

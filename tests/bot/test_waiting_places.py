"""Where somebody stands, and how long it will take: what is said is true, bounded, or left unsaid."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, handover, places, telling
from bot.queue import open_entry
from bot.tables import Handover
from core import auth, clock
from core.auth import Actor, Role
from core.database import transaction
from tests.bot.test_skills import asks, staff

AGENT = Actor(kind="staff", id=1, name="坐席", role=Role.SUPERVISOR)


async def waited(session: AsyncSession, seconds: float, *, place: int = 1, ago: float = 60) -> None:
    """Somebody was taken lately, who had waited so long; somebody is on duty."""
    if not await duty.present(session):
        await staff(session, "lin")
    id = await asks(session)
    entry = await open_entry(session, id)
    assert entry is not None
    entry.taken_at = entry.ended_at = clock.now() - timedelta(seconds=ago)
    entry.requested_at = entry.open_at = entry.taken_at - timedelta(seconds=seconds)
    entry.place = place
    await session.flush()


async def find(session: AsyncSession, id: str) -> places.Place:
    found = await telling.place(session, id)
    assert found is not None
    return found


async def test_without_a_past_no_time_is_named(session: AsyncSession) -> None:
    for _ in range(duty.rules().estimate.fewest - 1):
        await waited(session, 120)
    assert await find(session, await asks(session)) == places.Place(1)


async def test_the_time_is_what_a_place_took_lately_times_the_places(session: AsyncSession) -> None:
    for seconds, place in ((120, 1), (240, 2), (110, 1), (130, 1), (480, 4)):
        await waited(session, seconds, place=place)
    first, second = await asks(session), await asks(session)
    assert await find(session, first) == places.Place(1, 2)
    assert await find(session, second) == places.Place(2, 4)
    assert telling.words(await find(session, second), "zh_CN") == "，大约4分钟"


async def test_one_who_waited_for_ever_does_not_spoil_it(session: AsyncSession) -> None:
    for seconds in (60, 60, 60, 60, 60 * 60 * 5):
        await waited(session, seconds)
    assert (await find(session, await asks(session))).minutes == 1


async def test_what_was_long_ago_says_nothing_of_now(session: AsyncSession) -> None:
    old = duty.rules().estimate.within_minutes * 60 + 60
    for _ in range(10):
        await waited(session, 60, ago=old)
    assert (await find(session, await asks(session))).minutes is None


async def test_a_very_long_time_is_only_called_longer_than_the_longest(session: AsyncSession) -> None:
    longest = duty.rules().estimate.longest_minutes
    for _ in range(10):
        await waited(session, 60 * (longest + 30))
    found = await find(session, await asks(session))
    assert (found.minutes, found.over) == (longest, True)
    assert f"{longest}分钟以上" in telling.words(found, "zh_CN")


async def test_emergencies_and_those_put_back_do_not_count_into_an_ordinary_wait(session: AsyncSession) -> None:
    for _ in range(10):
        await waited(session, 5)
    for entry in await session.scalars(select(Handover)):
        entry.urgent = True
    await session.flush()
    assert (await find(session, await asks(session))).minutes is None


async def test_while_nobody_is_there_no_time_is_named(session: AsyncSession) -> None:
    for _ in range(10):
        await waited(session, 60)
    with clock.set_to(clock.now() + timedelta(minutes=1), running=True):
        await auth.deactivate(session, login="lin")
        assert (await find(session, await asks(session))).minutes is None


@pytest.fixture
async def mixed(session: AsyncSession) -> AsyncIterator[list[str]]:
    """A queue with everything in it."""
    await staff(session, "ying", "english")
    made = [await asks(session, skill) for skill in (None, "english", "dialect", None, "english", None)]
    made.append(await asks(session, reason=handover.EMERGENCY))
    entry = await open_entry(session, made[5])
    assert entry is not None
    entry.returned = True
    await session.flush()
    yield made


async def test_all_places_in_one_query_are_those_that_each_is_told(session: AsyncSession, mixed: list[str]) -> None:
    entries = {id: await open_entry(session, id) for id in mixed}
    for seconds in (0, 125):
        with clock.set_to(clock.now() + timedelta(seconds=seconds), running=True):
            ranks = await places.ranks(session)
            each = {id: await places.of(session, entry) for id, entry in entries.items() if entry}
        assert {id: ranks[entry.id] for id, entry in entries.items() if entry} == each
        assert each[mixed[6]] == 1 and each[mixed[5]] == 2 and each[mixed[1]] == 2


async def told(session: AsyncSession, id: str) -> list[str]:
    said = await conversations.messages(session, id)
    return [message.text for message in said if message.sender == "bot"]


async def test_who_moved_up_is_told_by_wechat_but_not_too_often(committing: None) -> None:
    async with transaction() as session:
        ids = []
        for peer in ("a", "b", "c"):
            id = (await conversations.by_peer(session, channel="wechat", peer=peer)).id
            await handover.request(session, id, "asked")
            await telling.now_told(session, id)
            ids.append(id)
        await handover.take(session, ids[0], actor=AGENT)
    await telling.tell_changes()
    async with transaction() as session:
        assert await told(session, ids[1]) == []
    pause = duty.rules().telling.seconds["wechat"]
    with clock.set_to(clock.now() + timedelta(seconds=pause + 1), running=True):
        await telling.tell_changes()
        await telling.tell_changes()
        async with transaction() as session:
            assert await told(session, ids[1]) == ["您现在排在第1位。不想等了，说一声“不等了”。"]
            assert await told(session, ids[2]) == ["您现在排在第2位。不想等了，说一声“不等了”。"]


async def test_on_the_web_the_place_is_shown_and_no_message_is_written(committing: None) -> None:
    async with transaction() as session:
        first, second = await asks(session), await asks(session)
        await telling.now_told(session, second)
        await handover.cancel(session, first)
    with clock.set_to(clock.now() + timedelta(minutes=5), running=True):
        await telling.tell_changes()
    async with transaction() as session:
        entry = await open_entry(session, second)
        assert entry is not None and entry.told_place == 1
        assert await told(session, second) == []


async def test_who_is_to_be_called_back_is_not_told(committing: None) -> None:
    async with transaction() as session:
        ids = [(await conversations.by_peer(session, channel="wechat", peer=peer)).id for peer in "ab"]
        for id in ids:
            await handover.request(session, id, handover.CALLBACK)
            await telling.now_told(session, id)
        await handover.cancel(session, ids[0])
    with clock.set_to(clock.now() + timedelta(hours=1), running=True):
        await telling.tell_changes()
    async with transaction() as session:
        assert await told(session, ids[1]) == []


async def test_a_queue_that_has_become_slower_is_not_called_fast(session: AsyncSession) -> None:
    for _ in range(6):
        await waited(session, 60)
    id = await asks(session)
    assert (await find(session, id)).minutes == 1
    with clock.set_to(clock.now() + timedelta(minutes=9), running=True):
        assert (await find(session, id)).minutes in {9, 10}


async def test_when_the_time_that_was_named_is_over_they_hear_so_once(committing: None) -> None:
    async with transaction() as session:
        for _ in range(6):
            await waited(session, 60)
        id = (await conversations.by_peer(session, channel="wechat", peer="a")).id
        await handover.request(session, id, "asked")
        await telling.now_told(session, id)
    with clock.set_to(clock.now() + timedelta(minutes=8), running=True):
        await telling.tell_changes()
        await telling.tell_changes()
        async with transaction() as session:
            [said] = await told(session, id)
    assert said.startswith("对不起，比预计的久。您现在排在第1位，大约")

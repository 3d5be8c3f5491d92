import asyncio

import pytest
from sqlalchemy import text

from core import database, live


async def test_what_commits_is_heard_by_those_who_listen_to_it(committing: None) -> None:
    hub = live.Hub()
    async with hub.subscribe("ticket:1") as queue, hub.subscribe("ticket:2") as other:
        async with database.transaction() as session:
            await live.announce(session, "ticket:1", "replied", number="1")
        heard = await asyncio.wait_for(queue.get(), 5)
        assert heard == {"topic": "ticket:1", "kind": "replied", "number": "1"}
        assert other.empty()
    await hub.stop()


async def test_what_rolls_back_is_not_heard(committing: None) -> None:
    hub = live.Hub()
    async with hub.subscribe("ticket:1") as queue:
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as session:
                await live.announce(session, "ticket:1", "replied")
                _ = 1 / 0
        async with database.transaction() as session:
            await live.announce(session, "ticket:1", "closed")
        assert (await asyncio.wait_for(queue.get(), 5))["kind"] == "closed"
    await hub.stop()


async def test_a_broken_connection_is_made_again_and_says_so(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RECONNECT_SECONDS", 0.01)
    hub = live.Hub()
    async with hub.subscribe("ticket:1") as queue:
        async with database.transaction() as session:
            await session.execute(
                text("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'")
            )
        assert await asyncio.wait_for(queue.get(), 5) is live.RESYNC
        async with database.transaction() as session:
            await live.announce(session, "ticket:1", "closed")
        assert (await asyncio.wait_for(queue.get(), 5))["kind"] == "closed"
    await hub.stop()


async def test_a_screen_that_does_not_keep_up_starts_anew() -> None:
    hub = live.Hub()
    queue: asyncio.Queue[live.Announcement] = asyncio.Queue(2)
    hub._queues[queue] = frozenset({"desk"})
    for _ in range(3):
        hub._put({"topic": "desk", "kind": "changed"})
    assert queue.get_nowait() is live.RESYNC
    assert queue.empty()


async def test_a_screen_that_keeps_up_hears_the_news_beside_one_that_does_not() -> None:
    hub = live.Hub()
    slow: asyncio.Queue[live.Announcement] = asyncio.Queue(1)
    quick: asyncio.Queue[live.Announcement] = asyncio.Queue(9)
    hub._queues = {slow: frozenset({"desk"}), quick: frozenset({"desk"})}
    for number in (1, 2):
        hub._put({"topic": "desk", "kind": "changed", "number": number})
    assert slow.get_nowait() is live.RESYNC
    assert [quick.get_nowait()["number"], quick.get_nowait()["number"]] == [1, 2]


async def test_news_that_nobody_can_read_does_not_end_the_listening(
    committing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECONNECT_SECONDS", 0.01)
    hub = live.Hub()
    async with hub.subscribe("ticket:1") as queue:
        async with database.transaction() as session:
            await session.execute(text("select pg_notify(:channel, 'rubbish')"), {"channel": live.CHANNEL})
        assert await asyncio.wait_for(queue.get(), 5) is live.RESYNC
    await hub.stop()

"""A process that nobody asks takes up what others publish; a large base is written to disk by a process of its own."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from admin import indexing, warm
from core import database
from kb import articles, base, changes, published
from kb.published import Index, Snapshot


async def test_an_idle_process_takes_up_what_another_published(
    committing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, taken_up = Index(), asyncio.Event()
    current = index.current

    async def watched(session: AsyncSession) -> Snapshot:
        snapshot = await current(session)
        if "adoption" in snapshot.articles:
            taken_up.set()
        return snapshot

    monkeypatch.setattr(index, "current", watched)
    monkeypatch.setattr(indexing, "index", index)
    monkeypatch.setattr(indexing, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(published, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(warm, "loaded", lambda: True)
    following = asyncio.create_task(indexing.follow())
    try:
        own = changes.own.count
        async with database.transaction() as session:
            await articles.load_city(session)
        changes.own.count = own  # as if another process had done it
        await asyncio.wait_for(taken_up.wait(), 30)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_what_has_grown_is_written_by_another_process(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    written = asyncio.Event()
    write = indexing.write

    async def watched() -> bool:
        assert await write()
        written.set()
        return True

    monkeypatch.setattr(indexing, "write", watched)
    monkeypatch.setattr(indexing, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(base.Base, "grown", lambda self: True)
    async with database.transaction() as session:
        await published.index.current(session)
    following = asyncio.create_task(indexing.follow())
    try:
        await asyncio.wait_for(written.wait(), 60)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

"""A line to talk with: the sample city's articles in a transaction that is rolled back when the module is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from core import database
from kb import articles
from tests.bot.talking import Line


@pytest.fixture(scope="module")
async def city(migrated: None) -> AsyncIterator[AsyncConnection]:
    """A connection with the city's articles loaded and published."""
    async with database.engine().connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(bind=connection, expire_on_commit=False) as session, session.begin():
            await articles.load_city(session)
        yield connection
        await outer.rollback()


@pytest.fixture
async def line(city: AsyncConnection) -> AsyncIterator[Any]:
    """Give a maker of lines; all of a test share one session, which is rolled back."""

    @asynccontextmanager
    async def make(channel: str = "web", peer: str | None = None) -> AsyncIterator[Line]:
        savepoint = await city.begin_nested()
        session = AsyncSession(bind=city, expire_on_commit=False, join_transaction_mode="create_savepoint")
        async with session:
            made = Line(session, channel)
            await made.open(peer)
            yield made
        if savepoint.is_active:
            await savepoint.rollback()

    yield make

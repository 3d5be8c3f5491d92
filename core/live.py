"""Live screens: `announce` in a transaction, `subscribe` in any process, over PostgreSQL's LISTEN/NOTIFY.

An announcement is small (a topic and what changed, no personal data); the screen then fetches what it may see.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, rows
from core.rows import Call

log = structlog.get_logger()

CHANNEL = "yitong_live"
LISTENER_BUFFER = 256
RECONNECT_SECONDS = 1.0

Announcement = dict[str, Any]

RESYNC: Announcement = {"topic": "*", "kind": "resync"}


async def announce(session: AsyncSession, topic: str, kind: str, **data: Any) -> None:
    """Tell every process that something changed under `topic`, when the caller's transaction commits."""
    await rows.call(session, announcements([{"topic": topic, "kind": kind, **data}]))


def announcements(news: Iterable[Announcement]) -> Call:
    """Return the call that announces all of these, each with its `topic` and `kind`."""
    written = [json.dumps(each, ensure_ascii=False, default=str) for each in news]
    return Call("(select count(pg_notify(%s, each)) from unnest(%s::text[]) each)", (CHANNEL, written))


class Hub:
    """One listening connection a process, fanned out to its subscribers."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[Announcement], frozenset[str]] = {}
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns when announcements from now on will be heard."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen(), name="live")
        await self._listening.wait()

    async def stop(self) -> None:
        """End the connection."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self._listening.clear()

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[asyncio.Queue[Announcement]]:
        """Give a queue of announcements of these topics; a `resync` means that some may have been missed."""
        await self.start()
        queue: asyncio.Queue[Announcement] = asyncio.Queue(LISTENER_BUFFER)
        self._queues[queue] = frozenset(topics)
        try:
            yield queue
        finally:
            del self._queues[queue]

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(database.url(), autocommit=True)
                async with connection:
                    await connection.execute(f"listen {CHANNEL}")
                    self._put(RESYNC)
                    self._listening.set()
                    async for notification in connection.notifies():
                        self._put(json.loads(notification.payload))
            except Exception as error:  # whatever it is, screens must hear again
                log.warning("live.reconnecting", error=type(error).__name__)
                await database.revive()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _put(self, announcement: Announcement) -> None:
        for queue, topics in self._queues.items():
            if announcement["topic"] in topics or announcement is RESYNC:
                news = announcement
                if queue.full():  # a screen that does not keep up starts anew
                    while not queue.empty():
                        queue.get_nowait()
                    news = RESYNC
                queue.put_nowait(news)


hub = Hub()

"""What a process loads before it answers well: the encoder, the category index, the duties, the articles."""

import asyncio
import time

import structlog

import intents
import kb
from core.database import transaction
from routing import departments

log = structlog.get_logger()

RETRY_SECONDS = 10.0

_loaded = False


def loaded() -> bool:
    """Say whether everything is in memory."""
    return _loaded


async def load() -> None:
    """Load everything once, again and again until it is in; requests that come earlier wait for what they need."""
    global _loaded
    while not _loaded:
        started = time.perf_counter()
        try:
            await _load()
        except Exception as error:
            log.error("models.failed", exc_info=error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            _loaded = True
            log.info("models.loaded", seconds=round(time.perf_counter() - started, 1))


async def _load() -> None:
    await asyncio.to_thread(intents.understand, "您好")
    await asyncio.to_thread(departments.rank, category=None, district=None, street=None, text="您好")
    async with transaction() as session:
        await kb.search(session, "您好")

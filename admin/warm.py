"""What a process loads before it answers well, and how it follows what is put in service while it runs.

The encoder, the trained classifier and every index made from vectors are built beside those in use, then swapped: the
old ones answer meanwhile. A model that this machine cannot load leaves the line with the one it has, and says so.
"""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

import intents
import kb
from core import live, versions
from core.database import transaction
from core.errors import Unavailable, YitongError
from core.settings import settings
from core.text import encode
from core.text.encode import Encoder
from intents import classify
from routing import departments

log = structlog.get_logger()

RETRY_SECONDS = 10.0

Chosen = tuple[int, Path] | None  # a version's number and folder; None: the shipped default

_loaded = False
_classifying: Chosen = None


def loaded() -> bool:
    """Say whether everything is in memory."""
    return _loaded


async def follow() -> None:
    """Load everything, then take up each change of what is in service, until cancelled."""
    async with live.hub.subscribe(versions.TOPIC) as news:
        while True:
            await load()
            await news.get()
            while not news.empty():
                news.get_nowait()


async def load() -> None:
    """Take up what is in service, again and again until it is in; earlier requests wait for what they need."""
    global _loaded
    while True:
        started = time.perf_counter()
        try:
            await _load()
        except Exception as error:
            log.error("models.failed", exc_info=error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            _loaded = True
            log.info("models.loaded", seconds=round(time.perf_counter() - started, 1))
            return


async def _load() -> None:
    chosen, version, reason = await asyncio.to_thread(_encoder, await _in_service("encoder"))
    with encode.using(chosen):
        await _build()
    encode.put_in_service(chosen, version=version, degraded=reason)
    await _take_up_categories()


async def take_up() -> None:
    """Let this process answer with what is in service, built at the first use: for commands, which ask little."""
    chosen, version, reason = await asyncio.to_thread(_encoder, await _in_service("encoder"))
    encode.put_in_service(chosen, version=version, degraded=reason)
    await _take_up_categories()


async def take_up_where_there_is_a_line() -> None:
    """As `take_up`, but quietly nothing where this machine has no database yet, or none that answers."""
    if settings().database_url is None and not (settings().data.expanduser() / "postgresql").exists():
        return
    with suppress(Unavailable, DBAPIError):
        await take_up()


async def categories_at_rest() -> str | None:
    """Return, in a sentence, that the trained classifier in service does not answer, and why; None where it does."""
    wanted = await _in_service("categories")
    if wanted is None:
        return None
    chosen, _, reason = await asyncio.to_thread(_encoder, await _in_service("encoder"))
    with encode.using(chosen):
        if await asyncio.to_thread(classify.stored, wanted[1]) is not None:
            return None
    until = f"for this holds: {reason}" if reason else "until ./yitong intents train, or the night, makes another."
    return (
        f"Version {wanted[0]} of the classifier does not answer: it was made with another encoder or category tree. "
        f"The shipped one answers, {until}"
    )


async def _in_service(kind: versions.Kind) -> Chosen:
    async with transaction() as session:
        version = await versions.in_service(session, kind)
        return (version.id, await versions.folder(session, version)) if version else None


def _encoder(wanted: Chosen) -> tuple[Encoder, int | None, str | None]:
    """Return the encoder that is to serve, its version, and why it is not the wanted one."""
    serving, version = encode.encoder(), encode.version()
    if version == (wanted[0] if wanted else None) and encode.degraded() is None:
        return serving, version, None
    if wanted is None:
        chosen, reason = encode.default()
        return chosen, None, reason
    try:
        return encode.load(str(wanted[1])), wanted[0], None
    except YitongError as error:
        log.error("encoder.not_taken_up", version=wanted[0], reason=error.sentence)
        return serving, version, f"Version {wanted[0]} of the encoder cannot be used here: {error.sentence}"


async def _build() -> None:
    """Make every index for the encoder in use (`encode.using`)."""
    await asyncio.to_thread(intents.understand, "您好")
    await asyncio.to_thread(departments.rank, category=None, district=None, street=None, text="您好")
    async with transaction() as session:
        await kb.search(session, "您好")


async def _take_up_categories() -> None:
    global _classifying
    wanted = await _in_service("categories")
    if wanted != _classifying:
        await asyncio.to_thread(classify.put_in_service, wanted[1] if wanted else None)
        _classifying = wanted

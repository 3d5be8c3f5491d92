"""Keeps the index of the knowledge base up to date in a process that nobody asks, and has a large one written to disk.

Writing takes minutes and both processors: a process of its own does it, and gives way to those that answer.
"""

import asyncio
import sys

import psutil
import structlog

from admin import warm
from core.database import transaction
from core.settings import ROOT
from kb.published import CHECK_SECONDS, index

LOOK_SECONDS = 30.0  # between two looks whether much is in memory
PAUSE_SECONDS = 300.0  # between two writings
NICE = 10

log = structlog.get_logger()


async def follow() -> None:
    """Take up what changes, whoever changed it, and write what has become much, until cancelled."""
    await asyncio.gather(_take_up(), _write_what_has_grown())


async def _take_up() -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        if warm.loaded() and not index.behind():  # who changed the base here waits for it
            try:
                async with transaction() as session:
                    await index.current(session)
            except Exception as error:  # the database is away; the next look begins anew
                log.warning("knowledge.not_followed", error=type(error).__name__)


async def _write_what_has_grown() -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if index.grown():
            await write()
            await asyncio.sleep(PAUSE_SECONDS)


async def write() -> bool:
    """Run `yitong kb index` and return whether it succeeded; where another process is at it, it ends at once."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "admin", "kb", "index"),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        psutil.Process(process.pid).nice(NICE)
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()  # what it has written stays
    if process.returncode:
        log.error("knowledge.not_written", said=said.decode(errors="replace")[-500:])
    return process.returncode == 0

"""The web processes of `serve` on one port: begun, watched and ended by the process that runs database and worker.

Each is an ordinary `web`; the kernel shares new connections out among those that listen on the port.
"""

import asyncio
import os
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import Any

import psutil
import structlog

from core import database
from core.errors import Unavailable
from core.settings import ROOT, settings

log = structlog.get_logger()

MOST = 4  # web processes that are begun without being asked for
MEMORY = 2 * 1024**3  # bytes of the machine's for each of them: one takes some 700 MB with its models
AGAIN_SECONDS = 1.0  # until one that ended by itself is begun anew
GRACE_SECONDS = 10.0  # for open requests, when the line stops
METRICS = "PROMETHEUS_MULTIPROC_DIR"  # where their figures meet (prometheus_client)


def wanted() -> int:
    """Return how many web processes this line has; 1: web and worker share one."""
    if not hasattr(socket, "SO_REUSEPORT"):
        return 1
    fitting = min(os.cpu_count() or 1, MOST, psutil.virtual_memory().total // MEMORY)
    return settings().web_processes or max(int(fitting), 1)


def end_with(parent: int) -> None:
    """End this process at once when its parent is gone: nobody would ever stop it, and it holds the port."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class WebProcesses:
    """Several of them; `start` returns when all answer, `watch` runs until it is cancelled."""

    def __init__(self, listening: socket.socket, count: int) -> None:
        """`listening`: holds the port and takes no connection itself."""
        self._address = listening.getsockname()[:2]
        self._count = count
        self._figures = tempfile.TemporaryDirectory(prefix="yitong-figures-")
        self._running: list[asyncio.subprocess.Process] = []
        self._stopping = False

    async def start(self) -> None:
        """Begin all of them. Raises Unavailable where one does not come up; standard error says why."""
        await asyncio.gather(*[self._begin() for _ in range(self._count)])

    async def watch(self) -> None:
        """Begin anew each one that ends by itself."""
        await asyncio.gather(*[self._keep(each) for each in tuple(self._running)])

    async def stop(self) -> None:
        """Let them finish what is open, and end them."""
        self._stopping = True
        for each in self._running:
            with suppress(ProcessLookupError):
                each.terminate()
        ends = [asyncio.create_task(each.wait()) for each in self._running]
        if ends:
            await asyncio.wait(ends, timeout=GRACE_SECONDS)
        for each in self._running:
            with suppress(ProcessLookupError):
                each.kill()
            await each.wait()
        self._figures.cleanup()

    async def _begin(self) -> asyncio.subprocess.Process:
        host, port = self._address
        command = [sys.executable, "-m", "admin", "--data", str(settings().data), "web"]
        address = ["--host", host, "--port", str(port), "--share-port", "--parent", str(os.getpid())]
        begun = await asyncio.create_subprocess_exec(
            *command, *address, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=self._environment()
        )
        self._running.append(begun)
        assert begun.stdout is not None
        if not await begun.stdout.readline():  # what `web` says when it answers
            raise Unavailable("A web process did not come up; the lines above say why.")
        return begun

    def _environment(self) -> dict[str, str]:
        return os.environ | {"YITONG_DATABASE_URL": database.url(), METRICS: self._figures.name}

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        while True:
            code = await process.wait()
            if self._stopping:
                return
            self._running.remove(process)
            log.error("web.ended", status=code)
            await asyncio.sleep(AGAIN_SECONDS)
            process = await self._again(process)

    async def _again(self, ended: asyncio.subprocess.Process) -> Any:
        while not self._stopping:
            with suppress(Unavailable):
                return await self._begin()
            await asyncio.sleep(AGAIN_SECONDS)
        return ended

"""The processes of `serve`: a worker, and web processes on one port; one that has the database begins and ends them.

They are the ordinary `worker` and `web`; the kernel shares new connections out among those that listen on the port.
"""

import asyncio
import os
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress

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
COURTESY = 5  # how much the worker gives way (nice): who waits for an answer goes before a job
METRICS = "PROMETHEUS_MULTIPROC_DIR"  # where their figures meet (prometheus_client)


def wanted() -> int:
    """Return how many web processes this line has; 1: web and worker share one."""
    if not hasattr(socket, "SO_REUSEPORT"):
        return 1
    fitting = min(os.cpu_count() or 1, MOST, psutil.virtual_memory().total // MEMORY)
    return settings().web_processes or max(int(fitting), 1)


def follow(parent: int) -> None:
    """End this process at once when its parent is gone: nobody would ever stop it, and it holds the port."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Processes:
    """A worker and several web processes; `start` returns when all answer, `watch` runs until it is cancelled."""

    def __init__(self, listening: socket.socket, webs: int) -> None:
        """`listening`: holds the port and takes no connection itself."""
        self._address = listening.getsockname()[:2]
        self._roles = ("worker", *["web"] * webs)
        self._figures = tempfile.TemporaryDirectory(prefix="yitong-figures-")
        self._running: dict[asyncio.subprocess.Process, str] = {}
        self._stopping = False

    async def start(self) -> None:
        """Begin all of them. Raises Unavailable where one does not come up; standard error says why."""
        await asyncio.gather(*map(self._begin, self._roles))

    async def watch(self) -> None:
        """Begin anew each one that ends by itself."""
        await asyncio.gather(*[self._keep(each) for each in tuple(self._running)])

    async def stop(self) -> None:
        """Let them finish what is open, and end them."""
        self._stopping = True
        for each in self._running:
            with suppress(ProcessLookupError):
                each.terminate()
        if ends := [asyncio.create_task(each.wait()) for each in self._running]:
            await asyncio.wait(ends, timeout=GRACE_SECONDS)
        for each in self._running:
            with suppress(ProcessLookupError):
                each.kill()
            await each.wait()
        self._figures.cleanup()

    async def _begin(self, role: str) -> asyncio.subprocess.Process:
        host, port = self._address
        command = [sys.executable, "-m", "admin", "--data", str(settings().data), role, "--parent", str(os.getpid())]
        environment = dict(os.environ)
        if role == "web":
            command += ["--host", host, "--port", str(port), "--share-port"]
            environment |= {"YITONG_DATABASE_URL": database.url(), METRICS: self._figures.name}
        begun = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=environment
        )
        self._running[begun] = role
        assert begun.stdout is not None
        if not await begun.stdout.readline():  # what it says when it is ready
            del self._running[begun]
            raise Unavailable(f"A {role} process did not come up; the lines above say why.")
        return begun

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        while True:
            status = await process.wait()
            if self._stopping:
                return
            role = self._running.pop(process)
            log.error(f"{role}.ended", status=status)
            process = await self._again(role)

    async def _again(self, role: str) -> asyncio.subprocess.Process:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            with suppress(Unavailable):
                return await self._begin(role)

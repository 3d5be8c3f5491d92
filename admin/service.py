"""The processes of the line: everything in one, or web and worker apart."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import structlog
import uvicorn

from admin import accounts, migrate, processes, sample, warm
from admin.notices import connect_channels
from admin.web import create_app
from bot import forgotten as forgotten  # its sweep: nothing else in this process asks for it
from bot.rasa.place import doubt as rasa_doubt
from core import database, jobs, live, logs
from core.city import city
from core.errors import Unavailable
from core.settings import settings
from routing import clock_versions
from routing import learning as learning  # its sweep and its job

log = structlog.get_logger()

# The loop gives the interpreter away at every word to the database and wants it back at once. With Python's own 5 ms a
# thread that understands a sentence keeps it that long each time.
SWITCH_SECONDS = 0.0005


def serve() -> None:
    """Run database, worker and web, in this process or with web processes beside it, until it is told to stop.

    Raises Unavailable when the worker broke.
    """
    count = processes.wanted()
    listening = _listen() if count == 1 else _hold()
    _prepare()
    asyncio.run(_run(listening, with_worker=True) if count == 1 else _run_apart(listening, count))


def web(*, share_port: bool = False, parent: int | None = None) -> None:
    """Run the web app until it is told to stop, or `parent` ends; `share_port`: beside others of this machine."""
    if parent is not None:
        processes.follow(parent)
    listening = _listen(share=share_port)
    _prepare()
    asyncio.run(_run(listening, with_worker=False))


def worker(*, parent: int | None = None) -> None:
    """Run jobs and sweeps until told to stop; beside its `parent` it gives way to those who wait for an answer."""
    if parent is not None:
        processes.follow(parent)
        os.nice(processes.COURTESY)
    _prepare()
    asyncio.run(_work())


def _hold() -> socket.socket:
    """Take the port for the web processes, which share it: nobody else can, and no connection comes here."""
    with _bound(settings().port, listens=False) as free:  # not shared yet, so that a second start says so
        port = free.getsockname()[1]
    return _bound(port, listens=False, share=True)


def _listen(*, share: bool = False) -> socket.socket:
    """Take the port before anything else, so that a second start says so at once; `share`: with others who share it."""
    return _bound(settings().port, share=share)


def _bound(port: int, *, listens: bool = True, share: bool = False) -> socket.socket:
    host = settings().host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and an answer waits 40 ms for its head to be acknowledged.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
        if listens:
            bound.listen(2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} is in use; stop the program that holds it, or choose another with --port."
            ) from None
        raise Unavailable(
            f"Cannot listen on {host}:{port} ({error.strerror}); choose another --host or --port."
        ) from None
    return bound


def _prepare() -> None:
    """Read the city and open the database; migrate the embedded one, insist that another one has been migrated."""
    signal.signal(signal.SIGTERM, _leave)
    sys.setswitchinterval(SWITCH_SECONDS)
    logs.configure(level=settings().log_level, style=settings().log_format)
    city()
    if settings().database_url is None:
        migrate.upgrade()
    elif migrate.pending():
        raise Unavailable("The database is not at this version; run ./yitong migrate first.")
    connect_channels()
    if doubt := rasa_doubt():
        sys.stderr.write(f"{doubt}\n")


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as a program does that has come to its end: the embedded database is stopped too."""
    sys.exit(128 + number)


async def _run(listening: socket.socket, *, with_worker: bool) -> None:
    if with_worker:
        await _first_time()
    server = AnnouncingServer(_config(with_worker=with_worker))
    working = asyncio.create_task(jobs.work(), name="worker") if with_worker else None
    if working:
        working.add_done_callback(lambda task: _stop_when_broken(task, server))
    await server.serve(sockets=[listening])
    if working:
        working.cancel()
        (end,) = await asyncio.gather(working, return_exceptions=True)
        if not isinstance(end, asyncio.CancelledError):
            raise Unavailable("The worker broke, so the line stopped; the log says why.")


def _config(*, with_worker: bool) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(with_worker=with_worker),
        log_config=None,
        access_log=False,
        lifespan="on",
        forwarded_allow_ips=settings().trusted_proxies,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=75,  # longer than a reverse proxy's own, or it writes on a connection just closed
    )


async def _run_apart(listening: socket.socket, webs: int) -> None:
    """Run worker and web processes beside this one. Raises Unavailable where one of them does not come up."""
    await _first_time()
    beside, told = processes.Processes(listening, webs), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    keeping, waiting = asyncio.create_task(_keep(beside, listening)), asyncio.create_task(told.wait())
    await asyncio.wait((keeping, waiting), return_when=asyncio.FIRST_COMPLETED)
    try:
        if keeping.done():
            keeping.result()  # it ends by itself only where one does not come up
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await beside.stop()
        listening.close()
        await database.dispose()


async def _keep(beside: processes.Processes, listening: socket.socket) -> None:
    await beside.start()
    _announce(listening)
    await beside.watch()


async def _work() -> None:
    await clock_versions.take_up_quietly()
    following = [asyncio.create_task(each.follow(), name=each.__name__) for each in (warm, clock_versions)]
    working = asyncio.create_task(jobs.work(), name="worker")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    sys.stdout.write("Yitong's worker is ready.\n")
    sys.stdout.flush()
    with suppress(asyncio.CancelledError):
        await working
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    await live.hub.stop()
    await database.dispose()


async def _first_time() -> None:
    """Load the city into an empty database and print the demo's accounts, once."""
    await sample.load()
    async with database.transaction() as session:
        made = await accounts.create_demo(session)
    if made:
        sys.stdout.write("Demo accounts, shown this once (./yitong staff password LOGIN makes a new password):\n")
        for login, password, purpose in made:
            sys.stdout.write(f"  {login:<20} {password}   {purpose}\n")


class AnnouncingServer(uvicorn.Server):
    """A server that says in one line that it is ready, and where, and leaves the process to us when it stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM, once: uvicorn would raise them anew, before worker and database have stopped."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        for each in sockets or []:
            _announce(each)


def _announce(listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    sys.stdout.write(f"Yitong is ready: http://{f'[{host}]' if ':' in host else host}:{port}\n")
    sys.stdout.flush()


def _stop_when_broken(task: asyncio.Task[None], server: uvicorn.Server) -> None:
    """A line without its worker keeps no clock: it stops rather than pretend."""
    if not task.cancelled() and task.exception() is not None:
        log.error("worker.failed", exc_info=task.exception())
        server.should_exit = True

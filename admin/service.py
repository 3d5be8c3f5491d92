"""The processes of the line: everything in one, or web and worker apart."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import structlog
import uvicorn

from admin import accounts, migrate, sample, warm
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
    """Run database, web and worker in this process until it is told to stop.

    Raises Unavailable when the worker broke.
    """
    listening = _listen()
    _prepare()
    asyncio.run(_run(listening, with_worker=True))


def web() -> None:
    """Run the web app until it is told to stop."""
    listening = _listen()
    _prepare()
    asyncio.run(_run(listening, with_worker=False))


def worker() -> None:
    """Run jobs and sweeps until told to stop."""
    _prepare()
    asyncio.run(_work())


def _listen() -> socket.socket:
    """Take the port before anything else, so that a second start says so at once."""
    host, port = settings().host, settings().port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and an answer waits 40 ms for its head to be acknowledged.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} is in use; stop the program that holds it, or choose another with --port."
            ) from None
        raise Unavailable(
            f"Cannot listen on {host}:{port} ({error.strerror}); choose another --host or --port."
        ) from None
    return listening


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
    )


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
            host, port = each.getsockname()[:2]
            sys.stdout.write(f"Yitong is ready: http://{f'[{host}]' if ':' in host else host}:{port}\n")
            sys.stdout.flush()


def _stop_when_broken(task: asyncio.Task[None], server: uvicorn.Server) -> None:
    """A line without its worker keeps no clock: it stops rather than pretend."""
    if not task.cancelled() and task.exception() is not None:
        log.error("worker.failed", exc_info=task.exception())
        server.should_exit = True

"""Work for later, on the same database: Procrastinate jobs deferred inside the caller's transaction, and sweeps.

A job is written by the transaction that wants it, so both commit or neither. A sweep is a short idempotent function
that every worker calls again and again; it claims rows with `FOR UPDATE SKIP LOCKED`, so any number of workers may run.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, dead_letters, rows
from core.retrying import RETRY, bury, retry_stalled
from core.rows import Call
from core.settings import settings

log = structlog.get_logger()

P = ParamSpec("P")

QUEUE = "yitong"
NOTICES = "notices"  # a queue and workers of their own: neither a burst nor a channel that hangs holds up other jobs
QUEUES = (QUEUE, NOTICES)
STALLED_SECONDS = 60  # a worker's heartbeat comes every 10 s; one silent for this long has died
DELETED_AT_ONCE = 5000
RESTART_SECONDS = 1.0
GRACE_SECONDS = 5  # how long a worker that is told to stop lets its jobs end by themselves


_tasks: dict[str, "Task"] = {}
_sweeps: list["Sweep"] = []
_working: set[str] = set()


@dataclass(frozen=True, slots=True)
class Task:
    """A function that jobs run; `buried`: a job that failed every attempt becomes a dead letter."""

    run: Callable[..., Awaitable[None]]
    queue: str
    buried: bool


@dataclass(frozen=True, slots=True)
class Sweep:
    """A function to call every `seconds`."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[Any]]


def task(
    name: str, *, queue: str = QUEUE, buried: bool = True
) -> Callable[[Callable[P, Awaitable[None]]], Callable[P, Awaitable[None]]]:
    """Register an async function as the task `name`; it is retried with growing pauses when it raises.

    A job that failed every attempt is `buried` (core.dead_letters), unless its module does so itself.
    """

    def register(function: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
        _tasks[name] = Task(function, queue, buried)
        return function

    return register


def sweep(name: str, *, seconds: float) -> Callable[[Callable[[], Awaitable[Any]]], Callable[[], Awaitable[Any]]]:
    """Register an async function that every worker calls every `seconds`."""

    def register(function: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        _sweeps.append(Sweep(name=name, seconds=seconds, run=function))
        return function

    return register


async def defer(
    session: AsyncSession, name: str, *, at: datetime | None = None, lock: str | None = None, **arguments: Any
) -> int:
    """Write a job in the caller's transaction and return its id.

    `at`: not before this moment; `lock`: jobs with the same lock run one after the other; `arguments`: JSON values.
    """
    return int(await rows.call(session, deferral(name, at=at, lock=lock, **arguments)))


def deferral(name: str, *, at: datetime | None = None, lock: str | None = None, **arguments: Any) -> Call:
    """Return the call that `defer` makes, for whoever writes more at once."""
    return Call(
        "(procrastinate_defer_jobs_v1(array[row(%s, %s, 0, %s::text, null, %s::jsonb, %s::timestamptz)"
        "::procrastinate_job_to_defer_v1]))[1]",
        (_tasks[name].queue if name in _tasks else QUEUE, name, lock, json.dumps(arguments), at),
    )


def app() -> App:
    """Return the Procrastinate app on this process's database, with every registered task."""
    made = App(connector=PsycopgConnector(conninfo=database.url(), min_size=1, max_size=6))
    for name, each in _tasks.items():
        made.task(name=name, queue=each.queue, retry=RETRY, pass_context=True)(_attempt(each))
    return made


def _attempt(each: Task) -> Callable[..., Awaitable[None]]:
    """Return the task's function as a worker calls it: its last failure is kept where people see it."""

    async def attempt(context: JobContext, **arguments: Any) -> None:
        try:
            await each.run(**arguments)
        except Exception as error:
            if each.buried and RETRY.get_retry_decision(exception=error, job=context.job) is None:
                await bury(context.job, type(error).__name__, dead_letters.sentence_of(error))
            raise

    return attempt


async def work(*, concurrency: int = 4) -> None:
    """Run jobs and sweeps until cancelled, through outages of the database. Jobs of workers that died are put back."""
    made = app()
    async with made.open_async(), asyncio.TaskGroup() as group:
        for each in [*_sweeps, *_upkeep(made)]:
            group.create_task(_repeat(each))
        for queue in QUEUES:
            group.create_task(_keep_working(made, queue, concurrency))


def working() -> bool:
    """Say whether this process runs jobs of every queue now."""
    return _working == set(QUEUES)


async def _keep_working(made: App, queue: str, concurrency: int) -> None:
    try:
        while True:
            await _run_worker(made, queue, concurrency)
            await asyncio.sleep(RESTART_SECONDS)
    finally:
        log.info("worker.stopped", queue=queue)


class Watched(Worker):
    """A worker that ends when one of its side tasks does: heartbeat, ear, polling.

    Procrastinate (3.10) means to, but looks at the first that ends only. That is the one for periodic jobs, at once,
    where there are none. A worker that went on without its heartbeat would have its jobs taken away and run twice.
    """

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()


async def _run_worker(made: App, queue: str, concurrency: int) -> None:
    """Run a queue's jobs until the database goes away, and bring the embedded one back.

    Procrastinate's worker ends then, by an error or quietly: it stops when the connection it listens on is lost.
    """
    cause = "stopped"
    _working.add(queue)
    try:
        await Watched(
            made,
            queues=[queue],
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE_SECONDS,
        ).run()  # type: ignore[no-untyped-call]
    except Exception as error:
        cause = type(error).__name__
    finally:
        _working.discard(queue)
    log.error("worker.restarting", queue=queue, error=cause)
    await database.revive()


async def run_due() -> None:
    """Run every job that is due and every sweep once, then return: a worker's round, for tests and the command line."""
    made = app()
    async with made.open_async():
        for each in [*_sweeps, *_upkeep(made)]:
            await each.run()
        await made.run_worker_async(queues=[*QUEUES], wait=False, install_signal_handlers=False, listen_notify=False)


async def _repeat(each: Sweep) -> None:
    while True:
        try:
            await each.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # A statement that was broken off by the worker's end raises whatever the driver makes of it.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError from error
            # A database that restarts must not end the worker; the next round finds what this one missed.
            log.error("sweep.failed", sweep=each.name, error=type(error).__name__)
        await asyncio.sleep(each.seconds)


def _upkeep(made: App) -> list[Sweep]:
    """Return the sweeps over the jobs themselves."""
    return [
        Sweep("jobs.stalled", STALLED_SECONDS, lambda: retry_stalled(made, STALLED_SECONDS)),
        Sweep("jobs.old", 3600, _delete_old),
    ]


async def _delete_old() -> None:
    """Forget finished jobs, and the letters that were settled; what nobody has decided on yet stays."""
    deleted = DELETED_AT_ONCE
    while deleted == DELETED_AT_ONCE:
        async with database.transaction() as session:
            rows = await session.scalars(_OLD, {"days": settings().jobs_kept_days, "limit": DELETED_AT_ONCE})
            deleted = len(rows.all())


_OLD = text(
    "delete from procrastinate_jobs where id in ("
    "select j.id from procrastinate_jobs j join procrastinate_events e on e.job_id = j.id "
    "where e.type in ('succeeded', 'failed', 'cancelled', 'aborted') and e.at < now() - make_interval(days => :days) "
    "and j.status in ('succeeded', 'failed', 'cancelled', 'aborted') and not exists (select from dead_letters d "
    "where d.kind = 'job' and d.reference = j.id and d.settled_at is null) limit :limit) returning id"
)

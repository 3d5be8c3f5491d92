"""Work for later, on the same database: Procrastinate jobs deferred inside the caller's transaction, and sweeps.

A job is written by the transaction that wants it, so both commit or neither. A sweep is a short idempotent function
that every worker calls again and again; it claims rows with `FOR UPDATE SKIP LOCKED`, so any number of workers may run.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, rows
from core.rows import Call

log = structlog.get_logger()

P = ParamSpec("P")

QUEUE = "yitong"
STALLED_SECONDS = 60  # a worker's heartbeat comes every 10 s; one silent for this long has died
KEPT_HOURS = 7 * 24  # finished jobs, for whoever asks what happened
RESTART_SECONDS = 1.0
RETRY = RetryStrategy(max_attempts=8, exponential_wait=3)

_tasks: dict[str, Callable[..., Awaitable[None]]] = {}
_sweeps: list["Sweep"] = []
_working = False


@dataclass(frozen=True, slots=True)
class Sweep:
    """A function to call every `seconds`."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[Any]]


def task(name: str) -> Callable[[Callable[P, Awaitable[None]]], Callable[P, Awaitable[None]]]:
    """Register an async function as the task `name`; it is retried with growing pauses when it raises."""

    def register(function: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
        _tasks[name] = function
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
        (QUEUE, name, lock, json.dumps(arguments), at),
    )


def app() -> App:
    """Return the Procrastinate app on this process's database, with every registered task."""
    made = App(connector=PsycopgConnector(conninfo=database.url(), min_size=1, max_size=6))
    for name, function in _tasks.items():
        made.task(name=name, queue=QUEUE, retry=RETRY)(function)
    return made


async def work(*, concurrency: int = 4) -> None:
    """Run jobs and sweeps until cancelled, through outages of the database. Jobs of workers that died are put back."""
    made = app()
    async with made.open_async(), asyncio.TaskGroup() as group:
        for each in [*_sweeps, *_upkeep(made)]:
            group.create_task(_repeat(each))
        try:
            while True:
                await _run_worker(made, concurrency)
                await asyncio.sleep(RESTART_SECONDS)
        finally:
            log.info("worker.stopped")


def working() -> bool:
    """Say whether this process runs jobs now."""
    return _working


async def _run_worker(made: App, concurrency: int) -> None:
    """Run jobs until the database goes away, and bring the embedded one back.

    Procrastinate's worker ends then, by an error or quietly: it stops when the connection it listens on is lost.
    """
    global _working
    cause = "stopped"
    _working = True
    try:
        await made.run_worker_async(
            queues=[QUEUE], concurrency=concurrency, install_signal_handlers=False, shutdown_graceful_timeout=5
        )
    except Exception as error:
        cause = type(error).__name__
    finally:
        _working = False
    log.error("worker.restarting", error=cause)
    await database.revive()


async def run_due() -> None:
    """Run every job that is due and every sweep once, then return: a worker's round, for tests and the command line."""
    made = app()
    async with made.open_async():
        for each in [*_sweeps, *_upkeep(made)]:
            await each.run()
        await made.run_worker_async(queues=[QUEUE], wait=False, install_signal_handlers=False, listen_notify=False)


async def _repeat(each: Sweep) -> None:
    while True:
        try:
            await each.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # A database that restarts must not end the worker; the next round finds what this one missed.
            log.error("sweep.failed", sweep=each.name, error=type(error).__name__)
        await asyncio.sleep(each.seconds)


def _upkeep(made: App) -> list[Sweep]:
    """Return the sweeps over the jobs themselves."""
    return [
        Sweep("jobs.stalled", STALLED_SECONDS, lambda: _retry_stalled(made)),
        Sweep("jobs.old", 3600, lambda: _delete_old(made)),
    ]


async def _delete_old(made: App) -> None:
    await made.job_manager.delete_old_jobs(
        KEPT_HOURS, queue=QUEUE, include_failed=True, include_cancelled=True, include_aborted=True
    )


async def _retry_stalled(made: App) -> None:
    for job in await made.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        with suppress(Exception):
            await made.job_manager.retry_job(job)
        log.warning("job.stalled", task=job.task_name, job=job.id)

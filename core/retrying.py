"""What becomes of a job that failed, or whose worker died: it is tried again, or is a dead letter that people see."""

import asyncio
from contextlib import suppress

import structlog
from procrastinate import App, RetryStrategy
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.retry import RetryDecision
from sqlalchemy import text

from core import clock, database, dead_letters

log = structlog.get_logger()


class Patient(RetryStrategy):
    """Failures are tried again with growing pauses; what was broken off because its worker was to stop goes on at once.

    That is no failure: it is never the last attempt, or a line that is restarted often would lose its longest jobs.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None where it is given up."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        return super().get_retry_decision(exception=exception, job=job)


RETRY = Patient(max_attempts=8, exponential_wait=3)


async def bury(job: Job, error: str, sentence: str) -> None:
    """Keep a job that is given up as a dead letter; `error` is the type, `sentence` what a person may read of it."""
    assert job.id is not None
    async with database.transaction() as session:
        since = await session.scalar(
            text("select min(at) from procrastinate_events where job_id = :id and type = 'started'"), {"id": job.id}
        )
        await dead_letters.bury(
            session,
            kind=dead_letters.JOB,
            reference=job.id,
            what=job.task_name,
            about=dead_letters.about(job.task_kwargs),
            error=error,
            sentence=sentence,
            attempts=job.attempts + 1,
            since=since or clock.now(),
        )


async def retry_stalled(made: App, silent_seconds: int) -> None:
    """Put back the jobs of workers without a heartbeat for so long, which have died.

    A job that was begun as often as any may be tried has killed them.
    """
    for job in await made.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_seconds):
        log.warning("job.stalled", task=job.task_name, job=job.id)
        with suppress(ConnectorException):  # another worker was faster
            if RETRY.max_attempts and job.attempts >= RETRY.max_attempts:
                await bury(job, "WorkerDied", "")
                await made.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            else:
                await made.job_manager.retry_job(job)

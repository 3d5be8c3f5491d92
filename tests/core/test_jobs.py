import asyncio

import pytest
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from sqlalchemy import text

from core import database, jobs, outbox
from core.errors import Unavailable
from core.retrying import RETRY

ran: list[int] = []


@jobs.task("tests.note")
async def note(number: int) -> None:
    ran.append(number)


told = asyncio.Event()


@jobs.task("tests.tell")
async def tell() -> None:
    told.set()


@pytest.fixture(autouse=True)
def _nothing_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rooms above sweep too, some of them at certain hours only; here they order no jobs."""
    ran.clear()
    monkeypatch.setattr(jobs, "_sweeps", [each for each in jobs._sweeps if each.name.startswith("outbox.")])


async def test_a_job_runs_after_its_transaction_commits(committing: None) -> None:
    async with database.transaction() as session:
        await jobs.defer(session, "tests.note", number=7)
    await jobs.run_due()
    await jobs.run_due()
    assert ran == [7]


async def test_a_job_of_a_rolled_back_transaction_never_runs(committing: None) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await jobs.defer(session, "tests.note", number=7)
            _ = 1 / 0
    await jobs.run_due()
    assert ran == []


async def test_a_worker_that_lost_its_ear_begins_again(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    listen, deaf = PsycopgConnector.listen_notify, asyncio.Event()

    async def listening(*arguments: object, **named: object) -> None:
        if not deaf.is_set():
            deaf.set()
            raise ConnectorException
        await listen(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(PsycopgConnector, "listen_notify", listening)
    monkeypatch.setattr(jobs, "RESTART_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "_sweeps", [])
    working = asyncio.create_task(jobs.work())
    try:
        await asyncio.wait_for(deaf.wait(), 5)
        async with database.transaction() as session:
            await jobs.defer(session, "tests.tell")
        async with asyncio.timeout(10):
            await told.wait()
            while not jobs.working():  # noqa: ASYNC110 - the other queue's worker begins again without a word
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert not jobs.working()


async def test_a_worker_that_loses_its_ear_while_it_works_begins_again(
    committing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, again = asyncio.Event(), asyncio.Event()

    async def losing(*_arguments: object, **_named: object) -> None:
        if lost.is_set():
            again.set()
            await asyncio.Event().wait()
        await lost.wait()
        raise ConnectorException

    monkeypatch.setattr(JobManager, "listen_for_jobs", losing)
    monkeypatch.setattr(jobs, "RESTART_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "_sweeps", [])
    async with database.transaction() as session:
        await jobs.defer(session, "tests.note", number=1)
    working = asyncio.create_task(jobs.work())
    try:
        async with asyncio.timeout(30):
            while ran != [1]:  # noqa: ASYNC110 - whatever ends at once has ended
                await asyncio.sleep(0.01)
        lost.set()
        await asyncio.wait_for(again.wait(), 30)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


hanging, let_go = asyncio.Event(), asyncio.Event()


@jobs.task("tests.hang")
async def hang(number: int) -> None:
    hanging.set()
    await let_go.wait()
    ran.append(number)


async def test_a_job_that_a_stopping_worker_breaks_off_goes_on_whenever_that_happens(
    committing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "GRACE_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "_sweeps", [])
    async with database.transaction() as session:
        job = await jobs.defer(session, "tests.hang", number=1)
        last = text("update procrastinate_jobs set attempts = :attempts where id = :job")
        await session.execute(last, {"attempts": RETRY.max_attempts, "job": job})
    working = asyncio.create_task(jobs.work())
    await asyncio.wait_for(hanging.wait(), 30)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert ran == []
    let_go.set()
    await jobs.run_due()
    assert ran == [1]


async def post(key: str = "k") -> int | None:
    async with database.transaction() as session:
        return await outbox.post(
            session, channel="tests", recipient={"to": 1}, kind="said", content={"n": 1}, idempotency_key=key
        )


async def test_a_notice_is_delivered_once(committing: None) -> None:
    delivered: list[int] = []

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        delivered.append(notice.id)

    outbox.connect("tests", deliver)
    first = await post()
    assert await post() is None
    await jobs.run_due()
    assert first is not None
    await outbox.deliver(first)  # a job that is put back after a crash
    assert delivered == [first]


async def test_a_notice_that_cannot_go_out_waits_and_goes_later(committing: None) -> None:
    broken = True
    delivered: list[int] = []

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        if broken:
            raise Unavailable("down")
        delivered.append(notice.id)

    outbox.connect("tests", deliver)
    await post()
    await jobs.run_due()
    async with database.transaction() as session:
        state = (await session.execute(text("select status, attempts from procrastinate_jobs"))).one()
        assert (state.status, state.attempts) == ("todo", 1)
        await session.execute(text("update procrastinate_jobs set scheduled_at = now()"))
    broken = False
    await jobs.run_due()
    assert len(delivered) == 1


@pytest.mark.parametrize(("age", "deliveries"), [("2 days", 1), ("4 days", 0)])
async def test_a_notice_that_its_job_gave_up_is_tried_for_three_days(
    committing: None, age: str, deliveries: int
) -> None:
    delivered: list[int] = []

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        delivered.append(notice.id)

    outbox.connect("tests", deliver)
    await post()
    async with database.transaction() as session:
        await session.execute(text("update procrastinate_jobs set status = 'failed'"))
        await session.execute(text(f"update outbox set tried_from = now() - interval '{age}'"))
    await jobs.run_due()
    assert len(delivered) == deliveries


async def test_a_notice_whose_job_still_tries_gets_no_second_one(committing: None) -> None:
    await post()
    await outbox.again()
    async with database.transaction() as session:
        assert await session.scalar(text("select count(*) from procrastinate_jobs")) == 1


async def test_a_job_is_kept_for_a_week_after_it_ended(committing: None) -> None:
    async with database.transaction() as session:
        await jobs.defer(session, "tests.note", number=1)
    await jobs.run_due()
    for days, kept in ((6, 1), (8, 0)):
        async with database.transaction() as session:
            await session.execute(text(f"update procrastinate_events set at = now() - interval '{days} days'"))
        await jobs.run_due()
        async with database.transaction() as session:
            assert await session.scalar(text("select count(*) from procrastinate_jobs")) == kept


async def test_a_sweep_that_is_broken_off_and_raises_does_not_keep_the_worker(
    committing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a driver does whose statement is cancelled: it says what went wrong, not that it was told to end."""
    sweeping = asyncio.Event()

    async def sweep() -> None:
        sweeping.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise AssertionError from None

    monkeypatch.setattr(jobs, "_sweeps", [jobs.Sweep("tests.sweep", 0.01, sweep)])
    working = asyncio.create_task(jobs.work())
    await asyncio.wait_for(sweeping.wait(), 30)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(working), 30)

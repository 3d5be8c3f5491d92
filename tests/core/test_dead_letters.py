"""What fails for good is seen, with its cause and without personal data, until somebody decides on it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from core import clock, database, dead_letters, jobs, ledger, outbox, settling
from core.auth import SYSTEM, Actor, Role
from core.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable, Uncertain
from core.retrying import RETRY

broken = True
ran: list[str] = []


@jobs.task("tests.breaks")
async def breaks(number: str, words: str) -> None:
    if broken:
        raise Unavailable(f"没有接通 13800138000：{number}")
    ran.append(number)


@pytest.fixture(autouse=True)
def _only_jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    global broken
    broken = True
    ran.clear()
    monkeypatch.setattr(jobs, "_sweeps", [each for each in jobs._sweeps if each.name.startswith("outbox.")])
    yield


async def tried_often() -> None:
    """Run the job as often as it may be tried, without its pauses."""
    for _ in range((RETRY.max_attempts or 0) + 1):
        async with database.transaction() as session:
            await session.execute(text("update procrastinate_jobs set scheduled_at = null"))
        await jobs.run_due()


async def waiting() -> list[dead_letters.DeadLetter]:
    async with database.transaction() as session:
        return list(await dead_letters.waiting(session))


async def test_a_job_that_failed_every_attempt_waits_for_a_decision(committing: None) -> None:
    async with database.transaction() as session:
        await jobs.defer(session, "tests.breaks", number="20261122-000001", words="张三住在南山路")
    await tried_often()
    (letter,) = await waiting()
    assert (letter.kind, letter.what, letter.error, letter.attempts) == ("job", "tests.breaks", "Unavailable", 9)
    assert letter.about == {"number": "20261122-000001"}  # and not the words
    assert letter.sentence == "没有接通 138****8000：20261122-000001"
    assert letter.since <= letter.failed_at


async def test_it_is_kept_until_it_is_settled_and_forgotten_afterwards(committing: None) -> None:
    async with database.transaction() as session:
        await jobs.defer(session, "tests.breaks", number="1", words="")
    await tried_often()
    (letter,) = await waiting()

    async def kept_after_a_year() -> bool:
        async with database.transaction() as session:
            await session.execute(text("update procrastinate_events set at = now() - interval '365 days'"))
        await jobs.run_due()
        async with database.transaction() as session:
            return bool(await session.scalar(text("select count(*) from procrastinate_jobs")))

    assert await kept_after_a_year()
    async with database.transaction() as session:
        await settling.put_aside(session, letter.id, actor=SYSTEM, reason="工单已作废")
    assert await waiting() == []
    assert not await kept_after_a_year()


async def test_tried_again_it_has_all_its_attempts_and_the_ledger_knows_who_asked(committing: None) -> None:
    global broken
    async with database.transaction() as session:
        await jobs.defer(session, "tests.breaks", number="1", words="")
    await tried_often()
    (letter,) = await waiting()
    async with database.transaction() as session:
        await settling.retry(session, letter.id, actor=SYSTEM, reason="接口恢复，见 13800138000")
    broken = False
    await jobs.run_due()
    assert ran == ["1"]
    async with database.transaction() as session:
        (event,) = await ledger.history(session, "jobs")
        assert (event.kind, event.data["reason"]) == ("job.retried", "接口恢复，见 138****8000")
        with pytest.raises(Conflict):
            await settling.put_aside(session, letter.id, actor=SYSTEM, reason="又来")


@pytest.mark.parametrize(
    ("id", "actor", "reason", "error"),
    [
        (10**6, SYSTEM, "原因", NotFound),
        (1, SYSTEM, "  ", BadInput),
        (1, SYSTEM, "长" * 501, BadInput),
        (1, Actor("staff", 1, role=Role.SUPERVISOR), "原因", Forbidden),
    ],
)
async def test_only_an_administrator_decides_and_says_why(
    committing: None, id: int, actor: Actor, reason: str, error: type[Exception]
) -> None:
    async with database.transaction() as session:
        with pytest.raises(error):
            await settling.retry(session, id, actor=actor, reason=reason)


async def test_a_job_that_kills_its_worker_is_not_begun_for_ever(committing: None) -> None:
    async with database.transaction() as session:
        id = await jobs.defer(session, "tests.breaks", number="1", words="")
        await session.execute(
            text("update procrastinate_jobs set status = 'doing', attempts = :often where id = :id"),
            {"id": id, "often": RETRY.max_attempts},
        )  # its worker is gone
    await jobs.run_due()
    (letter,) = await waiting()
    assert (letter.error, letter.attempts) == ("WorkerDied", 9)


async def post(key: str = "k", *, at_most_once: bool = False) -> int:
    async with database.transaction() as session:
        posted = await outbox.post(
            session,
            channel="tests",
            recipient={"conversation": "c_1"},
            kind="said",
            content={"text": "您的事有进展"},
            idempotency_key=key,
            at_most_once=at_most_once,
        )
    assert posted is not None
    return posted


async def test_a_notice_that_could_not_go_out_in_its_time_waits_and_can_be_tried_again(committing: None) -> None:
    delivered: list[int] = []

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        if broken:
            raise Unavailable("微信接口暂时连接不上，稍后重试。")
        delivered.append(notice.id)

    global broken
    outbox.connect("tests", deliver)
    id = await post()
    await jobs.run_due()
    assert await waiting() == []
    with clock.set_to(clock.now() + outbox.TRIED_FOR + timedelta(minutes=1)):
        await outbox.deliver(id)
    (letter,) = await waiting()
    assert (letter.kind, letter.what, letter.about) == ("notice", "tests:said", {"conversation": "c_1"})
    assert (letter.attempts, letter.error) == (2, "Unavailable")
    async with database.transaction() as session:
        await session.execute(text("update procrastinate_jobs set scheduled_at = null"))
    broken = False
    await jobs.run_due()
    assert delivered == []
    async with database.transaction() as session:
        await settling.retry(session, letter.id, actor=SYSTEM, reason="恢复了")
    await jobs.run_due()
    assert delivered == [id]


@pytest.mark.parametrize(
    ("error", "times"), [(Unavailable("没有接通"), 2), (Uncertain("没有回答"), 1), (ZeroDivisionError(), 1)]
)
async def test_what_goes_out_at_most_once_is_tried_again_only_when_it_surely_did_not(
    committing: None, error: Exception, times: int
) -> None:
    sent: list[int] = []

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        sent.append(notice.id)
        raise error

    outbox.connect("tests", deliver)
    await post(at_most_once=True)
    for _ in range(2):
        async with database.transaction() as session:
            await session.execute(text("update procrastinate_jobs set scheduled_at = null"))
        await jobs.run_due()
    assert len(sent) == times
    assert [letter.error for letter in await waiting()] == [type(error).__name__] * (2 - times)


async def test_delivered_notices_are_forgotten_and_undecided_ones_are_not(committing: None) -> None:
    async def deliver(_session: object, notice: outbox.Notice) -> None:
        if notice.idempotency_key == "fails":
            raise Uncertain("没有回答")

    outbox.connect("tests", deliver)
    await post("goes")
    await post("fails", at_most_once=True)
    await jobs.run_due()

    async def keys() -> list[str]:
        async with database.transaction() as session:
            return list(await session.scalars(text("select idempotency_key from outbox order by id")))

    with clock.set_to(clock.now() + timedelta(days=89)):
        await outbox.forget_old()
        assert await keys() == ["goes", "fails"]
    with clock.set_to(clock.now() + timedelta(days=91)):
        await outbox.forget_old()
        assert await keys() == ["fails"]


async def test_a_clock_set_back_runs_nothing_twice(committing: None) -> None:
    delivered: list[int] = []

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        delivered.append(notice.id)

    outbox.connect("tests", deliver)
    await post()
    await jobs.run_due()
    with clock.set_to(clock.now() - timedelta(hours=1), running=True):
        await jobs.run_due()
    assert len(delivered) == 1


async def test_a_burst_of_notices_holds_up_no_other_job(committing: None) -> None:
    """Counted, not timed: how many of 100,000 notices go out before a job that was ordered after them."""
    began: list[str] = []
    done = asyncio.Event()

    async def deliver(_session: object, notice: outbox.Notice) -> None:
        began.append("notice")

    @jobs.task("tests.dispatch")
    async def dispatch() -> None:
        began.append("dispatch")
        done.set()

    outbox.connect("tests", deliver)
    async with database.transaction() as session:
        await session.execute(
            text(
                "with posted as (insert into outbox (idempotency_key, channel, recipient, kind, content, created_at, "
                "attempts, at_most_once, tried_from) select 'burst:' || n, 'tests', '{}', 'said', '{}', now(), 0, "
                "false, now() from generate_series(1, 100000) n returning id) "
                "insert into procrastinate_jobs (queue_name, task_name, lock, args) select 'notices', "
                "'outbox.deliver', 'outbox:' || id, jsonb_build_object('notice_id', id) from posted"
            )
        )
        await jobs.defer(session, "tests.dispatch")
    working = asyncio.create_task(jobs.work())
    try:
        async with asyncio.timeout(60):
            await done.wait()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        jobs._tasks.pop("tests.dispatch")
    assert began.index("dispatch") < 100

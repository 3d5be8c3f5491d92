"""Checkpoints find what the chains alone cannot: a cut-off end, a removed subject, a chain that was written anew."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, database, ledger
from core.auth import SYSTEM
from core.errors import Conflict, Unavailable
from core.ledger import checkpoints, keys, signing
from core.settings import settings


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keys, "_path", lambda: tmp_path / keys.FILE)
    yield


async def write(session: AsyncSession, subject: str, count: int = 1) -> list[ledger.Event]:
    return [
        await ledger.append(session, subject=subject, kind="noted", actor=SYSTEM, data={"n": number})
        for number in range(count)
    ]


async def unlocked(session: AsyncSession) -> None:
    for table in ("events", "ledger_checkpoints"):
        await session.execute(text(f"alter table {table} disable trigger events_append_only"))
    session.expire_all()


@pytest.fixture
async def signed(session: AsyncSession) -> AsyncSession:
    """Three subjects of three events under two checkpoints, and one event that is only chained."""
    for subject in ("ticket:1", "ticket:2"):
        await write(session, subject, 3)
    await checkpoints.make(session)
    await write(session, "ticket:3", 3)
    await checkpoints.make(session)
    await write(session, "ticket:1", 1)
    return session


async def test_what_is_signed_holds_and_what_is_not_yet_is_said(signed: AsyncSession) -> None:
    found = await ledger.verify(signed)
    assert found == ledger.Verification(events=10, ok=True, first_bad=None, checkpoints=2, only_chained=1)
    last = await checkpoints.newest(signed)
    assert last is not None
    assert (last.number, last.events, last.total) == (2, 3, 9)


async def test_without_new_events_there_is_no_new_checkpoint(signed: AsyncSession) -> None:
    assert await checkpoints.make(signed) is not None
    assert await checkpoints.make(signed) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("delete from events where subject = 'ticket:3' and number = 3", "Checkpoint 2 signed 3 events"),  # the end
        ("delete from events where subject = 'ticket:2'", "Checkpoint 1 signed 6 events"),  # a whole subject
        ("delete from events where subject = 'ticket:2' and number = 2", "does not hold"),
        ("update events set data = '{}' where subject = 'ticket:2' and number = 3", "does not hold"),
        ("delete from ledger_checkpoints where number = 1", "Checkpoint 2 does not follow"),
        ("update ledger_checkpoints set total = 8 where number = 2", "Checkpoint 2 has no valid signature"),
        ("update ledger_checkpoints set at = at - interval '1 day' where number = 2", "no valid signature"),
    ],
)
async def test_every_change_is_found(signed: AsyncSession, change: str, told: str) -> None:
    await unlocked(signed)
    await signed.execute(text(change))
    found = await ledger.verify(signed)
    assert not found.ok
    assert any(told in problem for problem in found.problems), found.problems


async def test_a_chain_written_anew_is_found(signed: AsyncSession) -> None:
    await unlocked(signed)
    events = list(await ledger.history(signed, "ticket:2"))
    previous = ledger.GENESIS
    for event in events:  # every hash is right again
        event.actor, event.previous = "citizen", previous
        event.hash = previous = ledger.digest(event)
    await signed.flush()
    found = await ledger.verify(signed)
    assert not found.ok
    assert len(found.problems) == 1
    assert found.problems[0].startswith("Checkpoint 1: its events")


async def test_a_ledger_signed_anew_by_another_key_is_found(signed: AsyncSession, tmp_path: Path) -> None:
    await unlocked(signed)
    honest = (tmp_path / keys.FILE).read_text()
    (tmp_path / keys.FILE).unlink()
    await signed.execute(delete(checkpoints.Checkpoint))
    await signed.execute(delete(ledger.Event).where(ledger.Event.subject == "ticket:2"))
    await checkpoints.make(signed)
    assert (await ledger.verify(signed)).ok  # for who holds the forger's key
    (tmp_path / keys.FILE).write_text(honest)
    found = await ledger.verify(signed)
    assert not found.ok
    assert "a key that this machine does not hold" in found.problems[0]


async def test_an_older_state_that_was_restored_is_found_by_a_checkpoint_kept_outside(signed: AsyncSession) -> None:
    last = await checkpoints.newest(signed)
    assert last is not None
    kept, after = checkpoints.document(last), last.after
    assert (await ledger.verify(signed, witness=kept)).ok
    await unlocked(signed)
    await signed.execute(delete(checkpoints.Checkpoint).where(checkpoints.Checkpoint.number == 2))
    await signed.execute(delete(ledger.Event).where(ledger.Event.id > after))
    assert (await ledger.verify(signed)).ok
    found = await ledger.verify(signed, witness=kept)
    assert found.problems == (
        "Checkpoint 2, which was kept outside, is gone: an older state of the ledger was restored.",
    )


async def test_only_what_happened_since_is_read(session: AsyncSession) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for day in range(3):
        with clock.set_to(start + timedelta(days=day)):
            await write(session, f"ticket:{day}", 2)
            await checkpoints.make(session)
    found = await ledger.verify(session, since=start + timedelta(days=2))
    assert (found.events, found.ok, found.checkpoints) == (2, True, 3)


async def test_a_new_key_is_signed_by_the_former_one(signed: AsyncSession, tmp_path: Path) -> None:
    former = keys.public(keys.held()[-1])
    public = keys.renew()
    made = await checkpoints.make(signed)
    assert made is not None
    assert made.key == public != former
    assert (await ledger.verify(signed)).ok
    assert (tmp_path / keys.FILE).stat().st_mode & 0o777 == 0o600


async def test_a_lost_key_is_replaced_only_when_asked_and_the_ledger_says_so(
    signed: AsyncSession, tmp_path: Path
) -> None:
    (tmp_path / keys.FILE).unlink()
    with pytest.raises(Unavailable, match="lost-key"):
        await checkpoints.make(signed)
    made = await checkpoints.make(signed, lost_key=True)
    assert made is not None
    assert not (await ledger.verify(signed)).ok
    assert (await ledger.verify(signed, trusted=[made.key])).ok


async def test_keys_may_come_from_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YITONG_LEDGER_KEYS", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    settings.cache_clear()
    # RFC 8032, section 7.1, test 1
    assert keys.public(keys.held()[-1]).hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    monkeypatch.setenv("YITONG_LEDGER_KEYS", "short")
    settings.cache_clear()
    with pytest.raises(Unavailable, match="32 bytes"):
        keys.held()
    monkeypatch.undo()
    settings.cache_clear()


async def test_an_event_that_commits_late_is_in_the_checkpoint_or_in_the_next(committing: None) -> None:
    """Its id is lower than one that is committed already when the checkpoint is made."""
    written, go_on = asyncio.Event(), asyncio.Event()

    async def late() -> int:
        async with database.transaction() as session:
            (event,) = await write(session, "ticket:late")
            written.set()
            await go_on.wait()
            return event.id

    committing_late = asyncio.create_task(late())
    await written.wait()
    async with database.transaction() as session:
        (early,) = await write(session, "ticket:early")

    async def sign() -> checkpoints.Checkpoint | None:
        async with database.transaction() as session:
            return await checkpoints.make(session)

    signing = asyncio.create_task(sign())
    async with database.transaction() as session:  # others are not held up meanwhile
        await write(session, "ticket:meanwhile")
    assert not signing.done()
    go_on.set()
    made, late_id = await signing, await committing_late
    assert made is not None
    assert late_id < early.id <= made.upto
    assert made.events >= 2
    async with database.transaction() as session:
        await checkpoints.make(session)
        found = await ledger.verify(session)
    assert (found.ok, found.events, found.only_chained) == (True, 3, 0)


async def test_a_transaction_that_stays_open_is_named(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "WAIT_SECONDS", 0.0)
    async with database.transaction() as session:
        await write(session, "ticket:done")
    async with database.transaction() as blocking:
        await write(blocking, "ticket:open")
        with pytest.raises(Conflict, match="open for long"):
            async with database.transaction() as session:
                await checkpoints.make(session)
        await signing.daily()  # says it in the log and comes back
    await signing.daily()
    async with database.transaction() as session:
        assert (await ledger.verify(session)).only_chained == 0


async def signs(moment: datetime, *, last: int) -> None:
    """Write an event, let the worker come twice that day, and see the number of the last checkpoint."""
    with clock.set_to(moment):
        async with database.transaction() as session:
            await write(session, "ticket:1")
        await signing.daily()
        await signing.daily()
    async with database.transaction() as session:
        newest = await checkpoints.newest(session)
    assert newest is not None
    assert newest.number == last


async def test_one_checkpoint_a_day_also_when_the_clock_is_set_back(committing: None) -> None:
    evening = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # 00:30 in the city
    await signs(evening, last=1)
    await signs(evening - timedelta(hours=1), last=1)
    await signs(evening + timedelta(days=1), last=2)


async def test_a_clock_that_ran_ahead_by_a_year_does_not_end_the_signing_for_that_year(committing: None) -> None:
    """Nor does its mending break the ledger, which says what happened."""
    today = datetime(2026, 11, 22, 4, tzinfo=UTC)
    await signs(today, last=1)
    await signs(today + timedelta(days=365), last=2)
    await signs(today + timedelta(hours=1), last=3)
    async with database.transaction() as session:
        found = await ledger.verify(session)
    assert (found.ok, found.only_chained) == (True, 0)
    assert found.remarks == ("Checkpoint 3 is dated before the one before it: the clock was set back.",)


@pytest.mark.parametrize("command", ["update ledger_checkpoints set total = 1", "delete from ledger_checkpoints"])
async def test_the_database_refuses_to_change_a_checkpoint(signed: AsyncSession, command: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with signed.begin_nested():
            await signed.execute(text(command))


async def test_an_event_outside_every_chain_is_found(signed: AsyncSession) -> None:
    await unlocked(signed)
    await signed.execute(update(ledger.Event).where(ledger.Event.subject == "ticket:3").values(subject="ticket:9"))
    assert not (await ledger.verify(signed)).ok

"""Whoever owns the database, or the data folder, edits history in ways that the line itself never would."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, ledger
from core.auth import SYSTEM
from core.errors import Conflict, Unavailable
from core.ledger import checkpoints, keys, signing
from core.ledger.events import GENESIS, digest_of

AT = "2026-11-22T16:00:14.201377+00:00"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(keys, "_path", lambda: tmp_path / keys.FILE)
    yield tmp_path


async def write(session: AsyncSession, *subjects: str) -> None:
    for subject in subjects:
        await ledger.append(session, subject=f"ticket:{subject}", kind="noted", actor=SYSTEM, data={"by": 0.1})


async def as_owner(session: AsyncSession, *statements: str) -> None:
    for table in ("events", "ledger_checkpoints"):
        await session.execute(text(f"alter table {table} disable trigger events_append_only"))
    for statement in statements:
        await session.execute(text(statement))
    for table in ("events", "ledger_checkpoints"):
        await session.execute(text(f"alter table {table} enable trigger events_append_only"))


@pytest.fixture
async def signed(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    await write(session, "a", "b", "a")
    await checkpoints.make(session)
    await write(session, "a", "b", "b")
    yield session


SECOND = "where subject = 'ticket:b' and number = 2"
SWAPPED = (
    "update events set subject = case subject when 'ticket:a' then 'ticket:c' else 'ticket:a' end where number = 1",
    "update events set subject = 'ticket:b' where subject = 'ticket:c'",
)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (SWAPPED, "(ticket:a, 1) does not hold"),
        ((f"update events set at = 'infinity' {SECOND}",), "(ticket:b, 2) does not hold"),
        ((f"update events set at = '20000-01-01' {SECOND}",), "(ticket:b, 2) does not hold"),
        ((f"update events set data = '{{\"by\": 0.10000000000000000001}}' {SECOND}",), "(ticket:b, 2) does not hold"),
        ((f"update events set data = '{{\"by\": 1e400}}' {SECOND}",), "(ticket:b, 2) does not hold"),
        ((f"update events set data = '{{\"by\": 1e5000}}' {SECOND}",), "(ticket:b, 2) does not hold"),
        ((f"update events set data = (repeat('[', 3000) || repeat(']', 3000))::jsonb {SECOND}",), "does not hold"),
        ((f"update events set number = -2147483648 {SECOND}",), "(ticket:b, -2147483648) does not hold"),
        (("update ledger_checkpoints set at = 'infinity'",), "Checkpoint 1 holds a moment that no clock shows"),
    ],
)
async def test_it_is_said_in_a_sentence(signed: AsyncSession, statements: tuple[str, ...], told: str) -> None:
    await as_owner(signed, *statements)
    found = await ledger.verify(signed)
    assert not found.ok
    assert any(told in problem for problem in found.problems), found.problems


async def test_a_chain_begins_with_one(session: AsyncSession) -> None:
    """An event that numbers itself 0 has no predecessor to agree with."""
    made = digest_of("ticket:z", 0, AT, "system", "noted", {}, GENESIS)
    await session.execute(
        text(
            "insert into events (subject, number, at, actor, kind, data, previous, hash) "
            "values ('ticket:z', 0, :at, 'system', 'noted', '{}', :genesis, :hash)"
        ),
        {"at": AT, "genesis": GENESIS, "hash": made},
    )
    assert not (await ledger.verify(session)).ok


async def test_an_event_that_is_there_twice_is_found(signed: AsyncSession) -> None:
    columns = "subject, number, at, actor, kind, data, previous, hash"
    await as_owner(
        signed,
        "drop index uq_events_subject_number",
        f"insert into events ({columns}) select {columns} from events {SECOND}",
    )
    found = await ledger.verify(signed)
    assert found.problems == (
        "The index that lets no event be there twice is gone: the owner of the database has dropped it.",
    )


@pytest.fixture
async def line(committing: None) -> None:
    """A line whose last checkpoint, the second, signs three events."""
    for subjects in ("ab", "cca"):
        async with database.transaction() as session:
            await write(session, *subjects)
        await signing.sign()


async def owner(*statements: str) -> None:
    async with database.transaction() as session:
        await as_owner(session, *statements)


async def verified() -> tuple[str, ...]:
    async with database.transaction() as session:
        return (await ledger.verify(session)).problems


GONE = "Checkpoint 2, which was kept outside, is gone: an older state of the ledger was restored."


async def test_no_honest_worker_signs_what_was_changed_after_the_last_checkpoint_was_removed(line: None) -> None:
    assert await verified() == ()
    await owner(
        "delete from ledger_checkpoints where number = 2",
        "delete from events where subject = 'ticket:c' and number = 2",
    )
    assert await verified() == (GONE,)
    with pytest.raises(Conflict, match="Nothing is signed until that is explained"):
        await signing.sign()
    await signing.daily()  # says it in the log and comes back
    assert await verified() == (GONE,)


async def test_an_emptied_ledger_is_not_a_ledger_that_holds(line: None) -> None:
    await owner("delete from ledger_checkpoints", "delete from events")
    assert await verified() == (GONE,)


async def test_a_backup_that_was_restored_knowingly_is_signed_again_once_the_memory_is_put_aside(
    line: None, folder: Path
) -> None:
    await owner("delete from ledger_checkpoints where number = 2", "delete from events where id > 2")
    (folder / signing.FILE).rename(folder / "evidence")
    async with database.transaction() as session:
        await write(session, "d")
    made = await signing.sign()
    assert made is not None
    assert (made.number, await verified()) == (2, ())
    (folder / "evidence").rename(folder / signing.FILE)
    assert await verified() == ("Checkpoint 2 is not the one that was kept outside.",)


@pytest.mark.parametrize("written", [b"", b"{}", b"\xff\xfe", b'{"number": NaN}', b"[1]", None])
async def test_a_memory_that_was_altered_is_named(line: None, folder: Path, written: bytes | None) -> None:
    file = folder / signing.FILE
    if written is None:
        written = json.dumps(json.loads(file.read_text()) | {"total": 3}).encode()
    file.write_bytes(written)
    assert [problem.endswith("and does not.") for problem in await verified()] == [True]
    with pytest.raises(Unavailable, match=r"ledger\.signed"):
        await signing.sign()


@pytest.mark.parametrize("written", [b"", b"\n", b"\xff\xfe\x00", b"short\n"])
async def test_a_key_that_was_altered_is_named(line: None, folder: Path, written: bytes) -> None:
    (folder / keys.FILE).write_bytes(written)
    with pytest.raises(Unavailable, match="key"):
        await verified()


async def test_another_key_in_its_place_is_named(line: None, folder: Path) -> None:
    (folder / keys.FILE).unlink()
    keys.renew()
    assert [problem.split(":")[0] for problem in await verified()] == [
        "Checkpoint 2 is signed by a key that this machine does not hold"
    ]


async def test_where_the_key_is_missing_that_is_said_and_none_is_made(line: None, folder: Path) -> None:
    signer = keys.public(keys.held()[-1])
    (folder / keys.FILE).unlink()
    assert [problem.split(":")[0] for problem in await verified()] == ["The key is missing"]
    async with database.transaction() as session:
        await write(session, "later")
    with pytest.raises(Unavailable, match=r"copy ledger\.key"):
        await signing.sign()
    assert not (folder / keys.FILE).exists()
    async with database.transaction() as session:
        assert (await ledger.verify(session, trusted=[signer])).ok

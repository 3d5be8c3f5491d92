"""Web and worker of a city's own cluster sign in with a role that can add to the ledger, and nothing else."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from admin import migrate
from core import database, jobs, ledger, outbox
from core.auth import SYSTEM
from core.errors import BadInput, Unavailable
from core.ledger import checkpoints, keys, protection

ROLE = "yitong web's"  # names are quoted


@pytest.fixture
def role(migrated: None) -> Iterator[str]:
    with psycopg.connect(database.url(), autocommit=True) as connection:
        name = sql.Identifier(ROLE)
        connection.execute(sql.SQL("create role {} login").format(name))
        migrate.upgrade(ROLE)
        yield ROLE
        connection.execute(sql.SQL("drop owned by {}").format(name))
        connection.execute(sql.SQL("drop role {}").format(name))


@pytest.fixture
async def web(role: str) -> AsyncIterator[AsyncSession]:
    """A session that is signed in as the role."""
    engine = create_async_engine(make_url(database.sqlalchemy_url()).set(username=role))
    async with engine.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(bind=connection, expire_on_commit=False) as session:
            yield session
        await outer.rollback()
    await engine.dispose()


@pytest.mark.parametrize("table", protection.TABLES)
@pytest.mark.parametrize(
    "command",
    [
        "update {} set at = now()",
        "delete from {}",
        "truncate {}",
        "alter table {} disable trigger events_append_only",
        "drop table {}",
    ],
)
async def test_it_can_neither_change_the_ledger_nor_lift_what_forbids_it(
    web: AsyncSession, table: str, command: str
) -> None:
    with pytest.raises(Exception) as refused:
        await web.execute(text(command.format(table)))
    assert isinstance(getattr(refused.value, "orig", None), InsufficientPrivilege)


async def test_it_does_its_work(web: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_path", lambda: tmp_path / keys.FILE)
    for first in (True, False):
        await ledger.append(web, subject="ticket:1", kind="noted", actor=SYSTEM, data={}, first=first)
    await checkpoints.make(web)
    assert (await ledger.verify(web)).ok
    await jobs.defer(web, "tests.none")
    await outbox.post(web, channel="web", recipient={}, kind="said", content={}, idempotency_key="k")
    await web.execute(text("delete from outbox"))
    assert (await protection.protection(web)) == protection.Protection(trigger=True, role=True)


async def test_of_its_owner_it_is_said_that_only_the_trigger_holds(session: AsyncSession) -> None:
    assert (await protection.protection(session)) == protection.Protection(trigger=True, role=False)
    await session.execute(text("alter table ledger_checkpoints disable trigger events_append_only"))
    assert not (await protection.protection(session)).trigger


async def test_what_it_adds_comes_after_what_is_there(web: AsyncSession) -> None:
    """With an id of its choice it could put an event before others, or keep all later ones from being signed."""
    with pytest.raises(Exception) as refused:
        await web.execute(
            text(
                "insert into events (id, subject, number, at, actor, kind, data, previous, hash) overriding system "
                "value values (9000000000, 'ticket:1', 1, now(), 'system', 'noted', '{}', '', '')"
            )
        )
    assert isinstance(getattr(refused.value, "orig", None), InsufficientPrivilege)


async def test_a_checkpoint_that_it_makes_up_is_named_and_nothing_is_signed_after_it(
    web: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_path", lambda: tmp_path / keys.FILE)
    await ledger.append(web, subject="ticket:1", kind="noted", actor=SYSTEM, data={})
    await checkpoints.make(web)
    await ledger.append(web, subject="ticket:1", kind="noted", actor=SYSTEM, data={})
    await web.execute(
        text(
            "insert into ledger_checkpoints select number + 1, at, upto, upto + 1, 1, total + 1, root, root, "
            "decode(repeat('07', 32), 'hex'), signature from ledger_checkpoints"
        )
    )
    found = await ledger.verify(web)
    assert "Checkpoint 2 has no valid signature." in found.problems
    await ledger.append(web, subject="ticket:1", kind="noted", actor=SYSTEM, data={})
    with pytest.raises(Unavailable, match="does not hold the key"):
        await checkpoints.make(web)


def test_the_next_version_grants_it_anew(role: str) -> None:
    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("grant update on events to {}").format(sql.Identifier(role)))
        migrate.upgrade()
        found = connection.execute("select has_table_privilege(%s, 'events', 'update')", [role]).fetchone()
    assert found == (False,)


@pytest.mark.parametrize(("name", "told"), [("nobody there", "create role"), ("postgres", "owns nothing")])
def test_a_role_that_cannot_be_held_to_it_is_refused(migrated: None, name: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        migrate.upgrade(name)

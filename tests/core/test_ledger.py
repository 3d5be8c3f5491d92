import asyncio
from uuid import uuid4

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, ledger
from core.auth import SYSTEM

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)  # as PostgreSQL takes


async def written(session: AsyncSession, subject: str, count: int) -> list[ledger.Event]:
    return [
        await ledger.append(session, subject=subject, kind="noted", actor=SYSTEM, data={"n": number, "词": "路灯"})
        for number in range(count)
    ]


async def test_each_subject_has_its_own_chain(session: AsyncSession) -> None:
    first = await written(session, "ticket:1", 3)
    other = await written(session, "ticket:2", 2)
    assert [event.number for event in first] == [1, 2, 3]
    assert first[0].previous == ledger.GENESIS == other[0].previous
    assert first[2].previous == first[1].hash
    assert await ledger.verify(session) == ledger.Verification(events=5, ok=True, first_bad=None, only_chained=5)
    assert [event.id for event in await ledger.history(session, "ticket:1")] == [event.id for event in first]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@given(data=st.dictionaries(WORDS, JSON, max_size=4), subject=WORDS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_written_holds_when_it_is_read_again(
    session: AsyncSession, data: dict[str, object], subject: str
) -> None:
    """The hash is computed by Python for a first event, by the database for a later one, and checked by Python."""
    subject = f"{uuid4()}{subject}"
    await ledger.append(session, subject=subject, kind="opened", actor=SYSTEM, data=data, first=True)
    await ledger.append(session, subject=subject, kind="noted", actor=SYSTEM, data=data)
    session.expunge_all()
    first, second = await ledger.history(session, subject)
    assert (first.hash, second.hash) == (ledger.digest(first), ledger.digest(second))
    assert (second.number, second.previous) == (2, first.hash)


async def test_a_later_event_is_one_round_trip(session: AsyncSession) -> None:
    await written(session, "ticket:1", 1)
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    listened = database.engine().sync_engine
    sqlalchemy.event.listen(listened, "before_cursor_execute", note)
    try:
        await written(session, "ticket:1", 1)
    finally:
        sqlalchemy.event.remove(listened, "before_cursor_execute", note)
    assert len(sent) == 1


async def test_a_first_event_begins_a_chain_and_a_second_first_one_is_refused(session: AsyncSession) -> None:
    await ledger.append(session, subject="ticket:1", kind="opened", actor=SYSTEM, data={}, first=True)
    await written(session, "ticket:1", 1)
    assert [event.kind for event in await ledger.history(session, "ticket:1")] == ["opened", "noted"]
    assert (await ledger.verify(session)).ok
    with pytest.raises(IntegrityError):
        async with session.begin_nested():
            await ledger.append(session, subject="ticket:1", kind="opened", actor=SYSTEM, data={}, first=True)


@pytest.mark.parametrize("command", ["update events set actor = 'x'", "delete from events", "truncate events"])
async def test_the_database_refuses_change(session: AsyncSession, command: str) -> None:
    await written(session, "ticket:1", 1)
    with pytest.raises(DBAPIError, match="append-only"):
        await session.execute(text(command))


@pytest.mark.parametrize("change", [{"actor": "citizen:9"}, {"data": {"n": 7}}, {"number": 9}, {"kind": "closed"}])
async def test_a_changed_event_is_found(session: AsyncSession, change: dict[str, object]) -> None:
    events = await written(session, "ticket:1", 3)
    await session.execute(text("alter table events disable trigger events_append_only"))
    await session.execute(update(ledger.Event).where(ledger.Event.id == events[1].id).values(**change))
    found = await ledger.verify(session)
    assert not found.ok
    assert found.first_bad == events[1].id


async def test_a_removed_event_is_found_at_the_next_one(session: AsyncSession) -> None:
    events = await written(session, "ticket:1", 3)
    await session.execute(text("alter table events disable trigger events_append_only"))
    await session.execute(text("delete from events where id = :id"), {"id": events[1].id})
    assert (await ledger.verify(session)).first_bad == events[2].id


async def test_two_transactions_on_one_subject_make_one_chain(committing: None) -> None:
    async def one() -> None:
        async with database.transaction() as session:
            await written(session, "ticket:1", 5)

    await asyncio.gather(*[one() for _ in range(4)])
    async with database.transaction() as session:
        assert await ledger.verify(session) == ledger.Verification(events=20, ok=True, first_bad=None, only_chained=20)

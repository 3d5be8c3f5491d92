import asyncio

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, ledger
from core.auth import SYSTEM


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
    assert await ledger.verify(session) == ledger.Verification(events=5, ok=True, first_bad=None)
    assert [event.id for event in await ledger.history(session, "ticket:1")] == [event.id for event in first]


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
    session.expire_all()
    found = await ledger.verify(session)
    assert not found.ok
    assert found.first_bad == events[1].id


async def test_a_removed_event_is_found_at_the_next_one(session: AsyncSession) -> None:
    events = await written(session, "ticket:1", 3)
    await session.execute(text("alter table events disable trigger events_append_only"))
    await session.execute(text("delete from events where id = :id"), {"id": events[1].id})
    session.expire_all()
    assert (await ledger.verify(session)).first_bad == events[2].id


async def test_two_transactions_on_one_subject_make_one_chain(committing: None) -> None:
    async def one() -> None:
        async with database.transaction() as session:
            await written(session, "ticket:1", 5)

    await asyncio.gather(*[one() for _ in range(4)])
    async with database.transaction() as session:
        assert await ledger.verify(session) == ledger.Verification(events=20, ok=True, first_bad=None)

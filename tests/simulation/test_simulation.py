"""Two hundred simulated conversations: no exception, no loop, hardly a dead end."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from core import clock, database
from kb import articles
from tests.simulation import report
from tests.simulation.__main__ import AT
from tests.simulation.citizens import Citizen
from tests.simulation.judging import Judged, judge
from tests.simulation.talks import talk

CONVERSATIONS, SEED = 200, 12345


@pytest.fixture(scope="module")
async def judged(migrated: None) -> AsyncIterator[list[Judged]]:
    async with database.engine().connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(bind=connection, expire_on_commit=False) as session, session.begin():
            await articles.load_city(session)
        yield await _talked(connection)
        await outer.rollback()


async def _talked(connection: AsyncConnection) -> list[Judged]:
    with clock.set_to(AT, running=True):
        return [judge(await talk(connection, SEED, number)) for number in range(CONVERSATIONS)]


def _shown(judged: list[Judged], kind: str) -> str:
    return "\n".join(
        line for each in judged if any(found.kind == kind for found in each.findings) for line in report.shown(each)
    )


def test_no_turn_fails(judged: list[Judged]) -> None:
    assert not _shown(judged, "exception")


def test_nothing_is_asked_a_third_time(judged: list[Judged]) -> None:
    assert not _shown(judged, "loop")


def test_95_of_100_end_in_answer_ticket_or_person(judged: list[Judged]) -> None:
    assert report.figures(judged).ended_well >= report.LEAST_ENDED_WELL, _shown(judged, "dead_end")


def test_they_want_all_that_citizens_want(judged: list[Judged]) -> None:
    wished = {wish for each in judged for wish in each.talked.wishes}
    assert wished >= {"report", "question", "join", "waver", "statutory", "emergency", "person", "urge", "rate"}


def test_the_same_seed_is_the_same_person() -> None:
    first, again, another = Citizen(1, 5), Citizen(1, 5), Citizen(2, 5)
    assert (first.begin(), first.name, first.phone) == (again.begin(), again.name, again.phone)
    assert (first.name, first.phone) != (another.name, another.phone)

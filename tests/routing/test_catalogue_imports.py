"""Two who change the catalogue at once, each on a connection of their own, where one takes up a table."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import select, text

from core import database
from core.errors import Conflict
from routing import catalogue_changes, catalogue_files, catalogue_imports
from routing.catalogue_checks import Change
from routing.catalogue_versions import CatalogueVersion
from tests.routing.conftest import SUPERVISOR

LAMP, SMELL = "utilities.lighting.lamp_out", "urban.sanitation.garbage_overflow"
HEADINGS = "类目编码,区域,主办单位,协办单位,依据\n"
FIRST = f"{LAMP},全市,市供电公司,,产权\n"

pytestmark = pytest.mark.usefixtures("committing", "monday")


async def take_up(table: str, *, seen: int, meanwhile: Coroutine[Any, Any, Any] | None = None) -> tuple[bool, Any]:
    """Save a table. Before it is committed `meanwhile` begins; return whether that waited, and what it came to."""
    waited, tasks = False, []
    async with database.transaction() as session:
        lines = catalogue_files.read((HEADINGS + table).encode())
        await catalogue_imports.save(session, lines, actor=SUPERVISOR, reason="换目录", seen=seen)
        if meanwhile is not None:
            tasks = [asyncio.create_task(meanwhile)]
            while not (tasks[0].done() or (waited := await somebody_waits())):
                pass
    return waited, await asyncio.gather(*tasks, return_exceptions=True)


async def somebody_waits() -> bool:
    """Say whether a connection waits for a lock."""
    async with database.transaction() as session:
        return bool(await session.scalar(text("select count(*) from pg_locks where not granted")))


async def change_row() -> None:
    async with database.transaction() as session:
        change = Change(category=SMELL, area="*", lead="housing", basis="移交协议")
        await catalogue_changes.save(session, change, actor=SUPERVISOR, reason="职责调整", seen=None)


async def seen_now() -> int:
    async with database.transaction() as session:
        return await catalogue_imports.latest(session)


async def versions() -> list[tuple[str, str | None]]:
    async with database.transaction() as session:
        rows = await session.scalars(select(CatalogueVersion).order_by(CatalogueVersion.id))
        return [(row.category, row.lead) for row in rows]


@pytest.mark.parametrize("second", [f"{LAMP},全市,市住建局,,移交协议\n", f"{SMELL},全市,市住建局,,移交协议\n"])
async def test_of_two_tables_at_once_the_second_waits_and_is_told_to_look_again(second: str) -> None:
    seen = await seen_now()
    waited, (refused,) = await take_up(FIRST, seen=seen, meanwhile=take_up(second, seen=seen))
    assert waited and isinstance(refused, Conflict) and "重新预览" in refused.sentence
    assert await versions() == [(LAMP, "power_supply")]


async def test_the_same_rows_in_another_order_do_not_block_each_other() -> None:
    seen = await seen_now()
    rows = [f"{LAMP},全市,市住建局,,移交协议\n", f"{SMELL},全市,市住建局,,移交协议\n"]
    orders = (rows, rows[::-1], rows, rows[::-1])
    done = await asyncio.gather(*(take_up("".join(each), seen=seen) for each in orders), return_exceptions=True)
    refused = [each for each in done if isinstance(each, BaseException)]
    assert len(refused) == 3 and all(isinstance(each, Conflict) for each in refused)
    assert sorted(await versions()) == [(SMELL, "housing"), (LAMP, "housing")]


async def test_who_changes_one_row_meanwhile_waits_for_the_table() -> None:
    waited, (done,) = await take_up(FIRST, seen=await seen_now(), meanwhile=change_row())
    assert (waited, done) == (True, None)
    assert await versions() == [(LAMP, "power_supply"), (SMELL, "housing")]

"""What everybody may read of the tickets of an open door."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import commands, tickets
from routing.tickets import PublicTicket
from tests.routing import road
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, department, draft

LEAD = department("urban_management")

pytestmark = pytest.mark.usefixtures("monday")


async def opened(session: AsyncSession, **changes: Any) -> str:
    given = draft(**({"channel": "open311", "conversation": None} | changes))
    return (await tickets.open(session, given, actor=CITIZEN)).ticket.number


async def shown(session: AsyncSession, **asked: Any) -> list[PublicTicket]:
    return await tickets.reported_through(session, **({"channel": "open311", "limit": 10} | asked))


async def test_only_the_doors_own_open_tickets_are_shown_newest_first(session: AsyncSession) -> None:
    first, second = await opened(session), await opened(session)
    await opened(session, channel="web")
    await opened(session, confidential=True)
    await opened(session, request_type="tip_off")
    assert [each.number for each in await shown(session)] == [second, first]
    assert [each.number for each in await shown(session, limit=1)] == [second]
    assert await shown(session, numbers=[]) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("邻居老李的电话是13900139000", "邻居老李的电话是（已隐去）"),
        ("3号楼2单元501室漏水", "3号楼2单元（已隐去）漏水"),
        ("3-2-501 漏水", "（已隐去） 漏水"),
        ("3号楼501漏水", "3号楼（已隐去）漏水"),
        ("二单元五零一漏水", "二单元（已隐去）漏水"),
        ("楼上502漏水，房号3-501", "楼上（已隐去）漏水，房号（已隐去）"),
        ("501号房漏水，请打66881234", "（已隐去）漏水，请打（已隐去）"),
        ("请打6688 1234或8234-5678", "请打（已隐去）或（已隐去）"),
        ("影响200户居民，教室和办公室都停电", "影响200户居民，教室和办公室都停电"),
        ("3号楼500多人停电，2025-2026年，3-500米，10-200元", "3号楼500多人停电，2025-2026年，3-500米，10-200元"),
        ("上次是20261122-000002，热线400-800-8888", "上次是20261122-000002，热线400-800-8888"),
    ],
)
async def test_whose_number_or_flat_it_is_does_not_matter(session: AsyncSession, written: str, read: str) -> None:
    await opened(session, description=written, address=written)
    (ticket,) = await shown(session)
    assert (ticket.description, ticket.address) == (read, read)


async def test_a_ticket_says_how_it_stands(session: AsyncSession) -> None:
    number = await opened(session)
    (new,) = await shown(session)
    assert (new.closed, new.state_name, new.department, new.result) == (False, "待派单", None, None)
    assert new.opened_at == new.updated_at == MONDAY
    assert new.due_at is not None

    later = MONDAY + timedelta(hours=3)
    with clock.set_to(later):
        await commands.dispatch(session, number, actor=AGENT, department="urban_management")
        await commands.accept(session, number, actor=LEAD)
        await commands.reply(session, number, actor=LEAD, result="已修好，可拨打13700137000。", basis="照明规定")
    (replied,) = await shown(session)
    assert (replied.closed, replied.department, replied.updated_at) == (False, "市城管局", later)
    assert replied.result == "已修好，可拨打（已隐去）。"
    assert replied.due_at is not None
    assert replied.due_at >= new.due_at

    with clock.set_to(later + timedelta(hours=1)):
        await commands.callback(session, number, actor=AGENT, contacted=True, solved=True, satisfied=5)
    assert await shown(session, closed=False) == []
    (closed,) = await shown(session, closed=True)
    assert (closed.closed, closed.state_name, closed.updated_at) == (True, "已办结", later + timedelta(hours=1))


async def test_what_is_put_off_or_follows_another_is_open_and_says_so(session: AsyncSession) -> None:
    for step in ("suspended", "merged"):
        await road.arrive(session, step, channel="open311", conversation=None)
    merged, suspended = await shown(session)
    assert [(each.state_name, each.closed, each.result) for each in (suspended, merged)] == [
        ("暂缓办理", False, None),
        ("合并办理", False, None),
    ]

"""Which open tickets are offered to whoever reports the same: by meaning, place, time and category."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import nearby, whereabouts
from routing.nearby import Similar
from routing.rules import rules
from tests.routing import pairs
from tests.routing.conftest import MONDAY, draft, noticed

LAMP = "utilities.lighting.lamp_out"
HOLE = "transport.road.damage"


def lamp(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "category": LAMP,
        "title": "建设路12号 路灯不亮",
        "description": "建设路12号门前的路灯不亮",
        "address": "建设路12号",
        "conversation": "c-other",
        "citizen_phone": "13900139000",
    }
    return draft(**(values | changes))


async def looked(session: AsyncSession, said: Any, **asker: Any) -> list[Similar]:
    place = whereabouts.read(
        said.address, district=said.district, street=said.street, latitude=said.latitude, longitude=said.longitude
    )
    return await nearby.near(
        session, title=said.title, description=said.description, category=said.category, place=place, **asker
    )


async def test_the_lamp_of_the_same_road_is_offered_without_a_word_that_its_citizen_wrote(
    session: AsyncSession, monday: Any
) -> None:
    opened = await noticed(session, lamp())
    (found,) = await looked(session, lamp(description="建设路的路灯坏了", address="建设路"))
    assert (found.number, found.label, found.citizens, found.metres) == (
        opened.ticket.number,
        "建设路路灯不亮",
        1,
        None,
    )
    assert found.score >= rules().near.offered_from


@pytest.mark.parametrize(
    "other",
    [
        {"address": "建设路300号", "title": "建设路300号 路灯不亮", "description": "建设路300号门前的路灯不亮"},
        {"address": "学府路12号", "title": "学府路12号 路灯不亮", "description": "学府路12号门前的路灯不亮"},
        {"category": "urban.vending.stalls", "title": "建设路 占道经营", "description": "建设路晚上全是摆摊的"},
        {"district": "yunxi"},
        {"confidential": True},
        {"request_type": "tip_off"},
    ],
)
async def test_what_is_elsewhere_something_else_or_secret_is_not_offered(
    other: dict[str, Any], session: AsyncSession, monday: Any
) -> None:
    await noticed(session, lamp(**other))
    assert await looked(session, lamp()) == []


async def test_nobody_is_offered_their_own_ticket(session: AsyncSession, monday: Any) -> None:
    await noticed(session, lamp())
    assert await looked(session, lamp(), conversation="c-other") == []
    assert await looked(session, lamp(), phone="+86 139 0013 9000") == []
    assert len(await looked(session, lamp(), conversation="c-new", phone="13700137000")) == 1


async def test_only_open_tickets_of_the_last_weeks_are_offered(session: AsyncSession, monday: Any) -> None:
    first = await noticed(session, lamp())
    with clock.set_to(MONDAY + timedelta(days=rules().near.reach_of(LAMP).days + 1)):
        assert await looked(session, lamp()) == []
    with clock.set_to(MONDAY + timedelta(days=10)):
        older = await looked(session, lamp())
    (fresh,) = await looked(session, lamp())
    assert older[0].score < fresh.score and older[0].days == 10
    first.ticket.state = "closed"
    await session.flush()
    assert await looked(session, lamp()) == []


async def test_a_ticket_of_another_encoder_is_not_compared(session: AsyncSession, monday: Any) -> None:
    opened = await noticed(session, lamp())
    opened.ticket.encoder, opened.ticket.embedding = "another:1", [1.0, 0.0]
    await session.flush()
    assert await looked(session, lamp()) == []


async def test_coordinates_outdo_names_and_the_reach_is_the_categorys(session: AsyncSession, monday: Any) -> None:
    hole = lamp(
        category=HOLE, title="路面破损", description="路面有个大坑", address=None, latitude=31.0, longitude=117.0
    )
    await noticed(session, hole)
    near = lamp(
        category=HOLE, title="路面破损", description="马路有个大坑", address=None, latitude=31.0003, longitude=117.0002
    )
    far = lamp(
        category=HOLE, title="路面破损", description="马路有个大坑", address=None, latitude=31.002, longitude=117.0
    )
    (found,) = await looked(session, near)
    assert found.metres is not None and 35 <= found.metres <= 42
    assert await looked(session, far) == []


async def test_a_power_cut_is_one_matter_across_a_district_for_two_days(session: AsyncSession, monday: Any) -> None:
    cut = {"category": "utilities.power.outage", "title": "停电", "description": "整栋楼突然停电了，什么时候来电"}
    await noticed(session, lamp(**cut, address="朝霞区和平路"))
    assert len(await looked(session, lamp(**cut, address="朝霞区安居社区"))) == 1
    with clock.set_to(MONDAY + timedelta(days=3)):
        assert await looked(session, lamp(**cut, address="朝霞区安居社区")) == []


def test_the_longest_category_says_how_far_a_matter_reaches() -> None:
    limits = rules().near
    assert limits.reach_of("transport.road.damage").category == "transport.road"
    assert limits.reach_of("transport.roads.damage").category == "*"
    assert limits.reach_of(None).category == "*"


async def test_pairs_of_one_matter_are_told_from_pairs_of_two(session: AsyncSession) -> None:
    judged = await pairs.judge(session, MONDAY)
    shown = [each.same for each in judged if each.score >= rules().near.offered_from]
    assert len(judged) >= 45
    assert sum(shown) / len(shown) >= 0.95
    assert sum(shown) / sum(each.same for each in judged) >= 0.9


async def test_the_newest_near_a_place_are_found_by_an_index(session: AsyncSession, monday: Any) -> None:
    await session.execute(text("set local enable_seqscan = off"))
    plan = "\n".join(
        await session.scalars(
            text(
                "explain select id from tickets where state not in ('replied', 'closed', 'withdrawn', 'merged') "
                "and opened_at >= now() and road is not null and road = '建设路' order by opened_at desc limit 300"
            )
        )
    )
    assert "ix_tickets_open_road" in plan

"""Topics of the line's own tickets: who belongs together, how hot it is, and when supervisors are warned, once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, live
from core.database import transaction
from core.errors import Conflict, Forbidden
from core.ledger import Event
from routing import growing, opening, vectors
from routing.growing import gathering, reading, warnings
from routing.growing.tables import Topic, TopicTicket
from routing.models import Ticket
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft, noticed

SAID = ("桃李社区垃圾没人清运，臭气熏天", "桃李社区的垃圾桶满出来了没人收", "桃李社区生活垃圾好几天没拉走")


def garbage(number: int, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "category": "urban.sanitation.garbage_overflow",
        "title": "桃李社区 垃圾清运",
        "description": SAID[number % len(SAID)],
        "address": "桃李社区",
        "street": "zhaoxia_xuefu",
        "conversation": f"c-{number}",
        "citizen_phone": f"1380013{number:04}",
    }
    return draft(**(values | changes))


async def opened(count: int, *, at: Any = MONDAY, start: int = 0, **changes: Any) -> list[str]:
    with clock.set_to(at):
        async with transaction() as session:
            made = [await noticed(session, garbage(start + each, **changes)) for each in range(count)]
            return [each.ticket.number for each in made]


async def gathered(at: Any = MONDAY) -> list[Topic]:
    with clock.set_to(at + timedelta(minutes=1)):
        await gathering.gather()
    async with transaction() as session:
        return list(await session.scalars(select(Topic).order_by(Topic.id)))


async def test_tickets_on_one_matter_in_one_place_are_one_topic_and_others_stand_alone(committing: None) -> None:
    await opened(3)
    await opened(
        1, start=10, title="桃李社区 犬只扰民", description="桃李社区有人遛狗不拴绳", category="urban.pets.leash"
    )
    await opened(1, start=11, address="翠湖花园", title="翠湖花园 垃圾清运", description="翠湖花园垃圾没人清运")
    (topic,) = await gathered()
    assert (topic.size, topic.title, topic.landmark) == (
        3,
        "桃李社区垃圾满溢与收集点异味",
        "桃李社区",
    )
    async with transaction() as session:
        rows = list(await session.scalars(select(TopicTicket)))
    assert len(rows) == 5 and sum(row.topic_id is not None for row in rows) == 3


async def test_a_second_round_reads_only_what_is_new_and_joins_the_topic(committing: None) -> None:
    await opened(2)
    await gathered()
    await opened(1, at=MONDAY + timedelta(hours=2), start=5)
    (topic,) = await gathered(MONDAY + timedelta(hours=2))
    assert topic.size == 3
    (again,) = await gathered(MONDAY + timedelta(hours=3))
    assert again.size == 3


async def test_the_founding_of_a_topic_is_announced_to_open_screens_once(committing: None) -> None:
    async with live.hub.subscribe("desk") as heard:
        await opened(2)
        (topic,) = await gathered()
        await opened(1, start=5)
        await gathered()
        async with transaction() as session:
            await live.announce(session, "desk", "end")
        kinds = []
        while (announcement := await asyncio.wait_for(heard.get(), 20))["kind"] != "end":
            kinds.append((announcement["kind"], announcement.get("topic_id")))
    await live.hub.stop()
    assert [each for each in kinds if each[0].startswith("topic.")] == [("topic.founded", topic.id)]


async def test_whoever_joins_a_ticket_belongs_to_its_topic(committing: None) -> None:
    (master,) = await opened(1)
    await gathered()
    async with transaction() as session:
        with clock.set_to(MONDAY + timedelta(minutes=5)):
            made = await opening.open(
                session, garbage(7, description="这里也一样", address=None), actor=CITIZEN, join=master
            )
            await vectors.keep(session, made.ticket)
    assert made.joined
    (topic,) = await gathered(MONDAY + timedelta(minutes=5))
    assert topic.size == 2


async def test_heat_halves_with_every_half_life(committing: None) -> None:
    await opened(3)
    (topic,) = await gathered()
    assert reading.heat(topic, MONDAY) == 3.0
    assert reading.heat(topic, MONDAY + timedelta(days=3)) == 1.5


async def test_a_new_cluster_warns_once(committing: None) -> None:
    await opened(4)
    (topic,) = await gathered()
    assert topic.warned_at is None
    await opened(1, start=4)
    (topic,) = await gathered()
    assert topic.warning == "new"
    await opened(1, start=5)
    await gathered()
    async with transaction() as session:
        events = list(await session.scalars(select(Event).where(Event.kind == "topic.warned")))
    assert len(events) == 1


async def test_one_citizen_who_reports_again_and_again_is_no_cluster(committing: None) -> None:
    await opened(8, conversation="c-1", citizen_phone="13800138000")
    (topic,) = await gathered()
    assert (topic.size, topic.warned_at) == (8, None)


async def test_an_urgent_one_warns_earlier(committing: None) -> None:
    await opened(2, urgency="critical")
    (topic,) = await gathered()
    assert topic.warning == "urgent"


@pytest.mark.parametrize(("every_week", "now", "warns"), [(1, 9, True), (5, 6, False)])
async def test_a_topic_is_measured_by_its_own_past(every_week: int, now: int, warns: bool, committing: None) -> None:
    number = 0
    for week in range(6, 0, -1):
        at = MONDAY - timedelta(weeks=week, days=2)
        for day in range(every_week):
            await opened(1, at=at - timedelta(days=day), start=number)
            number += 1
        await gathered(at)
    async with transaction() as session:
        for topic in await session.scalars(select(Topic)):
            topic.warned_at = None
    for day in range(now):
        await opened(1, at=MONDAY - timedelta(hours=12 * (now - day)), start=number + day)
    (topic,) = await gathered()
    assert topic.warning == ("growth" if warns else None)


@pytest.mark.parametrize(("lately", "before", "weeks"), [(9, 6, 6), (3, 0, 8), (30, 80, 8)])
def test_the_chance_is_that_of_the_negative_binomial(lately: int, before: int, weeks: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    rate = warnings.PRIOR_WEEKS + weeks
    expected = stats.nbinom.sf(lately - 1, warnings.PRIOR_COUNT + before, rate / (1 + rate))
    assert warnings.chance(lately, before, weeks) == pytest.approx(expected)


@pytest.mark.parametrize("secret", [{"confidential": True}, {"request_type": "tip_off"}])
async def test_secret_tickets_are_in_no_topic_and_warn_of_none(secret: dict[str, Any], committing: None) -> None:
    # A category whose tickets belong together by district: a secret one has no road and no landmark.
    outage = {
        "category": "utilities.power.outage",
        "title": "停电",
        "description": "整栋楼突然停电",
        "urgency": "critical",
    }
    await opened(6, **(outage | secret))
    assert await gathered() == []
    await opened(2, start=10, **outage)
    (topic,) = await gathered()
    assert (topic.size, topic.warning) == (2, "urgent")


async def test_a_topic_holds_no_word_that_a_citizen_wrote(committing: None) -> None:
    await opened(3, title="王大爷家门口臭气熏天", address="桃李社区王大爷家门口")
    (topic,) = await gathered()
    assert topic.title == "桃李社区垃圾满溢与收集点异味"


async def test_a_ticket_whose_vector_comes_late_is_gathered_all_the_same(committing: None) -> None:
    with clock.set_to(MONDAY):
        async with transaction() as session:
            late = (await opening.open(session, garbage(1), actor=CITIZEN)).ticket.number
    after = MONDAY + timedelta(days=3)
    await opened(1, at=after, start=5)
    assert await gathered(after) == []
    async with transaction() as session:
        ticket = await session.scalar(select(Ticket).where(Ticket.number == late))
        assert ticket is not None
        await vectors.keep(session, ticket)
    (topic,) = await gathered(after + timedelta(hours=1))
    assert (topic.size, topic.first_at) == (2, MONDAY)


async def test_what_came_while_nobody_gathered_is_not_lost(committing: None) -> None:
    await opened(2)
    (topic,) = await gathered(MONDAY + timedelta(days=3))
    assert topic.size == 2


async def test_only_the_centre_reads_topics_and_only_tickets_that_the_actor_sees(committing: None) -> None:
    await opened(3)
    (topic,) = await gathered()
    async with transaction() as session:
        with clock.set_to(MONDAY + timedelta(days=2)):
            (seen,) = await growing.listing(session, actor=SUPERVISOR)
        assert (sum(seen.days), seen.department, seen.topic.id) == (3, None, topic.id)
        assert len(await growing.tickets_of(session, topic, actor=SUPERVISOR)) == 3
        assert await growing.tickets_of(session, topic, actor=department("water_group")) == []
        for nobody in (AGENT, department("water_group")):
            with pytest.raises(Forbidden):
                await growing.listing(session, actor=nobody)


async def test_a_warning_is_acknowledged_once_with_who_does_what(committing: None) -> None:
    await opened(5)
    (topic,) = await gathered()
    async with transaction() as session:
        assert [each.topic.id for each in await growing.warned(session, actor=SUPERVISOR)] == [topic.id]
        await growing.acknowledge(session, topic.id, actor=SUPERVISOR, note="请朝霞区城管今天现场清运")
        assert await growing.warned(session, actor=SUPERVISOR) == []
        with pytest.raises(Conflict):
            await growing.acknowledge(session, topic.id, actor=SUPERVISOR, note="再确认一次")
        await growing.close(session, topic.id, actor=SUPERVISOR, note="已经清运，恢复每日收运")
        assert await growing.listing(session, actor=SUPERVISOR) == []
        assert len(await growing.listing(session, actor=SUPERVISOR, closed=True)) == 1


async def test_what_comes_after_a_closed_topic_founds_another(committing: None, session: AsyncSession) -> None:
    await opened(2)
    (topic,) = await gathered()
    async with transaction() as own:
        await growing.close(own, topic.id, actor=SUPERVISOR, note="已经清运")
    later = MONDAY + timedelta(hours=2)
    await opened(2, at=later, start=5)
    assert [each.size for each in await gathered(later)] == [2, 2]

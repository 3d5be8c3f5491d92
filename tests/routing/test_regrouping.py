"""By night: topics that are one matter are joined, one that fell apart is parted, and nothing is lost by it."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from core import clock, ledger
from core.database import transaction
from routing import commands, growing
from routing.growing import parting, reading, regrouping
from routing.growing.tables import Topic, TopicTicket
from routing.models import Ticket
from routing.rules import rules
from tests.routing.conftest import AGENT, MONDAY, SUPERVISOR
from tests.routing.test_growing import gathered, opened

DOGS: dict[str, Any] = {
    "category": "urban.pets.leash",
    "title": "桃李社区 遛狗不牵绳",
    "description": "桃李社区有人遛大狗不拴绳，吓到孩子",
}
NIGHT = MONDAY + timedelta(hours=3)


async def by_night() -> list[Topic]:
    with clock.set_to(NIGHT):
        await regrouping.regroup()
    async with transaction() as session:
        return list(await session.scalars(select(Topic).order_by(Topic.id)))


async def two_topics_of_one_matter() -> tuple[Topic, Topic]:
    """Let a topic be founded while an older one of the same matter is out of sight."""
    await opened(3)
    (first,) = await gathered()
    await set_topic(first.id, closed_at=MONDAY)
    await opened(2, start=10)
    _, second = await gathered()
    await set_topic(first.id, closed_at=None)
    return first, second


async def set_topic(id: int, **values: Any) -> None:
    async with transaction() as session:
        await session.execute(update(Topic).where(Topic.id == id).values(**values))


async def one_topic_of_two_matters(garbage_bins: int = 4) -> tuple[int, list[str], list[str]]:
    """Let tickets of two matters have come into one topic."""
    garbage = await opened(garbage_bins)
    dogs = await opened(3, start=20, **DOGS)
    topic, other = await gathered()
    async with transaction() as session:
        await session.execute(update(TopicTicket).values(topic_id=topic.id))
        await session.delete(await session.get_one(Topic, other.id))
        (await session.get_one(Topic, topic.id)).size = garbage_bins + 3
    return topic.id, garbage, dogs


async def numbers_of(id: int) -> set[str]:
    async with transaction() as session:
        topic = await growing.find(session, id, actor=SUPERVISOR)
        return {each.number for each in await growing.tickets_of(session, topic, actor=SUPERVISOR)}


async def kinds(id: int) -> list[tuple[str, int | None]]:
    async with transaction() as session:
        topic = await growing.find(session, id, actor=SUPERVISOR)
        return [(each.kind, each.other) for each in await growing.history(session, topic)]


async def test_two_topics_that_are_one_matter_are_joined_and_the_smaller_leads_to_the_larger(committing: None) -> None:
    first, second = await two_topics_of_one_matter()
    large, small = await by_night()
    assert (large.size, large.closed_at, small.joined_into, small.closed_at) == (5, None, first.id, NIGHT)
    assert reading.heat(large, MONDAY) == 5.0
    assert len(await numbers_of(first.id)) == 5
    async with transaction() as session:
        assert (await reading.last(session, small)).id == first.id
        (listed,) = await growing.listing(session, actor=SUPERVISOR)
        assert await growing.listing(session, actor=SUPERVISOR, closed=True) == []
        assert (await ledger.verify(session)).ok
    assert listed.topic.id == first.id
    assert await kinds(first.id) == [("founded", None), ("joined", second.id)]
    assert await kinds(second.id) == [("founded", None), ("joined_into", first.id)]
    # What comes later comes into the one that is left.
    await opened(1, at=NIGHT, start=30)
    assert [each.size for each in await gathered(NIGHT)] == [6, 2]


async def test_a_warning_that_nobody_has_read_is_not_lost_with_the_smaller(committing: None) -> None:
    first, second = await two_topics_of_one_matter()
    await set_topic(second.id, warned_at=MONDAY, warning="urgent", warned_size=2)
    large, _ = await by_night()
    assert (large.id, large.warning, large.acknowledged_at) == (first.id, "urgent", None)


async def test_a_topic_of_two_matters_is_parted_and_each_has_its_own_tickets(committing: None) -> None:
    id, garbage, dogs = await one_topic_of_two_matters()
    kept, made = await by_night()
    assert (kept.id, kept.size, made.size) == (id, 4, 3)
    assert (made.title, made.first_at) == ("桃李社区遛狗不牵绳与犬只伤人", MONDAY)
    assert reading.heat(made, MONDAY) == 3.0
    assert (await numbers_of(id), await numbers_of(made.id)) == (set(garbage), set(dogs))
    assert ("parted", made.id) in await kinds(id) and ("parted_from", id) in await kinds(made.id)
    assert len(await by_night()) == 2


async def test_who_follows_a_ticket_stays_with_it_when_its_topic_is_parted(committing: None) -> None:
    _, garbage, dogs = await one_topic_of_two_matters(5)
    async with transaction() as session:
        await commands.merge(session, garbage[3], actor=AGENT, into=dogs[0], reason="市民说是同一件事")
    _, made = await by_night()
    assert garbage[3] in await numbers_of(made.id) and made.size == 4


async def test_both_parts_of_a_topic_that_was_warned_of_and_acknowledged_stay_so(committing: None) -> None:
    id, *_ = await one_topic_of_two_matters()
    await set_topic(id, warned_at=MONDAY, warning="new", warned_size=7, acknowledged_at=MONDAY)
    for each in await by_night():
        assert (each.warning, each.acknowledged_at, each.warned_size) == ("new", MONDAY, each.size)


async def test_only_what_has_changed_is_looked_at(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await opened(3)
    await opened(3, start=20, **DOGS)
    await gathered()
    looked: list[int] = []
    look = regrouping._look

    async def noted(session: Any, topic: Topic) -> None:
        looked.append(topic.id)
        await look(session, topic)

    monkeypatch.setattr(regrouping, "_look", noted)
    first, _ = await by_night()
    assert len(looked) == 2
    await by_night()
    assert len(looked) == 2
    await opened(1, at=MONDAY + timedelta(hours=1), start=40)
    await gathered(MONDAY + timedelta(hours=1))
    await by_night()
    assert looked[2:] == [first.id]


async def test_it_happens_in_its_hour_alone(committing: None) -> None:
    _, second = await two_topics_of_one_matter()
    hour = rules().topics.hour
    for at, joined in ((hour + 5, False), (hour, True)):
        with clock.set_to(MONDAY.replace(hour=(at - 8) % 24) + timedelta(days=1)):  # the sample city is at UTC+8
            await regrouping.nightly()
        async with transaction() as session:
            assert ((await session.get_one(Topic, second.id)).joined_into is not None) is joined


async def test_a_new_encoder_gives_topics_a_new_centre(committing: None) -> None:
    await opened(3)
    (topic,) = await gathered()
    await set_topic(topic.id, encoder="another:1", centroid=[1.0, 0.0])
    (renewed,) = await by_night()
    async with transaction() as session:
        (ticket,) = await session.scalars(select(Ticket).limit(1))
        assert renewed.encoder == ticket.encoder
    await opened(1, at=NIGHT, start=30)
    assert [each.size for each in await gathered(NIGHT)] == [4]


@pytest.mark.parametrize(("matters", "each", "found"), [(1, 8, []), (2, 4, [4, 4]), (2, 2, []), (3, 3, [3, 3, 3])])
def test_matters_are_told_apart_where_each_is_large_enough(matters: int, each: int, found: list[int]) -> None:
    random = np.random.default_rng(1)
    middles = np.eye(64)[:matters]
    vectors = np.repeat(middles, each, axis=0) + random.normal(0, 0.02, (matters * each, 64))
    groups = parting.apart((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    assert [len(group) for group in groups] == found

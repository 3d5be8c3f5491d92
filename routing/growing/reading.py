"""Topics, hottest first, for whoever sees all tickets; the tickets of one only as far as the actor sees them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.auth import Actor, Permission
from core.city import city
from core.errors import NotFound
from routing import reading
from routing.growing.tables import Topic, TopicTicket
from routing.messages import say
from routing.models import Ticket
from routing.rules import rules

DAYS_SHOWN = 28
MOST = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A topic as it is shown: its heat now, tickets a day of four weeks, and the department that has most of them."""

    topic: Topic
    heat: float
    days: tuple[int, ...]
    department: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """An event of a topic: when, what (`founded`, `warned`, `joined`, `parted` …), with which other, how many then."""

    at: datetime
    kind: str
    other: int | None
    size: int | None


async def listing(
    session: AsyncSession, *, actor: Actor, closed: bool = False, limit: int = 50, skip: int = 0
) -> list[Seen]:
    """Return topics, the hottest first; `closed`: those that were closed, the last one first. Raises Forbidden."""
    actor.must(Permission.TICKET_RULE)
    order = (Topic.closed_at.desc(),) if closed else (Topic.rank.desc(),)
    ended = Topic.closed_at.is_not(None) & Topic.joined_into.is_(None)
    statement = select(Topic).where(ended if closed else Topic.closed_at.is_(None))
    found = (await session.scalars(statement.order_by(*order, Topic.id).limit(min(limit, MOST)).offset(skip))).all()
    return await _seen(session, found)


async def warned(session: AsyncSession, *, actor: Actor, limit: int = 20) -> list[Seen]:
    """Return the topics with a warning that nobody has acknowledged, the newest first. Raises Forbidden."""
    actor.must(Permission.TICKET_RULE)
    statement = select(Topic).where(
        Topic.warned_at.is_not(None), Topic.acknowledged_at.is_(None), Topic.closed_at.is_(None)
    )
    return await _seen(session, (await session.scalars(statement.order_by(Topic.warned_at.desc()).limit(limit))).all())


async def find(session: AsyncSession, id: int, *, actor: Actor, lock: bool = False) -> Topic:
    """Return a topic. Raises Forbidden, NotFound."""
    actor.must(Permission.TICKET_RULE)
    topic = await session.get(Topic, id, with_for_update=lock)
    if topic is None:
        raise NotFound(say("refused.no_topic"))
    return topic


async def last(session: AsyncSession, topic: Topic) -> Topic:
    """Return the topic that this one has become, by night: itself, or what it was joined into."""
    while topic.joined_into is not None:
        topic = (await session.scalars(select(Topic).where(Topic.id == topic.joined_into))).one()
    return topic


async def history(session: AsyncSession, topic: Topic) -> list[Past]:
    """Return what became of a topic, the oldest first."""
    events = await ledger.history(session, f"topic:{topic.id}")
    return [
        Past(each.at, each.kind.removeprefix("topic."), each.data.get("other"), each.data.get("size"))
        for each in events
    ]


async def seen(session: AsyncSession, topic: Topic) -> Seen:
    """Return a topic as it is shown."""
    return (await _seen(session, [topic]))[0]


async def tickets_of(session: AsyncSession, topic: Topic, *, actor: Actor, limit: int = MOST) -> Sequence[Ticket]:
    """Return the tickets of a topic that the actor sees, the newest first."""
    statement = (
        select(Ticket)
        .join(TopicTicket, TopicTicket.ticket_id == Ticket.id)
        .where(TopicTicket.topic_id == topic.id, ~Ticket.sealed, reading.visible_to(actor))
    )
    return (await session.scalars(statement.order_by(TopicTicket.opened_at.desc()).limit(limit))).all()


async def _seen(session: AsyncSession, topics: Sequence[Topic]) -> list[Seen]:
    now = clock.now()
    ids = [topic.id for topic in topics]
    day = func.date(func.timezone(city().time_zone, TopicTicket.opened_at))
    counted = select(TopicTicket.topic_id, day, func.count()).where(
        TopicTicket.topic_id.in_(ids), TopicTicket.opened_at > now - timedelta(days=DAYS_SHOWN)
    )
    days: dict[int, dict[date, int]] = {id: {} for id in ids}
    for id, at, count in await session.execute(counted.group_by(TopicTicket.topic_id, day)):
        days[id][at] = count
    leads = await session.execute(
        select(TopicTicket.topic_id, Ticket.lead)
        .join(Ticket, Ticket.id == TopicTicket.ticket_id)
        .where(TopicTicket.topic_id.in_(ids), Ticket.lead.is_not(None))
        .group_by(TopicTicket.topic_id, Ticket.lead)
        .order_by(func.count())
    )
    lead = {id: code for id, code in leads}
    today = clock.local(now, city().time_zone).date()
    shown = [today - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    return [
        Seen(topic, heat(topic, now), tuple(days[topic.id].get(each, 0) for each in shown), lead.get(topic.id))
        for topic in topics
    ]


def heat(topic: Topic, now: datetime) -> float:
    """Return the number of tickets, each halved with every half-life since it was opened."""
    return round(math.pow(2, topic.rank - now.timestamp() / 86400 / rules().topics.half_life_days), 1)

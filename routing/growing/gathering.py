"""Every new ticket joins the nearest topic, or founds one with the nearest ticket that stands alone.

The cost is that of the new tickets: each asks two statements that go through indexes.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from pgvector.sqlalchemy import Vector
from sqlalchemy import ColumnElement, and_, cast, false, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs, ledger, live
from core.auth import SYSTEM
from core.database import transaction
from routing import nearby, suspected
from routing.growing import warnings
from routing.growing.tables import Topic, TopicTicket
from routing.models import Ticket
from routing.rules import rules

BATCH = 200  # tickets read in one transaction
LOCK = 0x746F7069  # of the database, so that one worker at a time gathers


@jobs.sweep("topics.gather", seconds=20)
async def gather() -> None:
    """Read the tickets that wait for it; warn where a topic among them grows."""
    while await _gather_some() == BATCH:
        pass


async def _gather_some() -> int:
    async with transaction() as session:
        if not await session.scalar(text("select pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}):
            return 0
        found = await _waiting(session)
        touched: dict[int, Topic] = {}
        for row, ticket in found:
            await suspected.look(session, ticket)
            if not row.waiting:  # one before it in this round took it in
                continue
            row.waiting = False
            topic = None if is_secret(ticket) else await _topic_of(session, ticket)
            row.topic_id = topic.id if topic else None
            await session.flush()
            if topic is not None:
                touched[topic.id] = topic
        for topic in touched.values():
            await warnings.look(session, topic)
        return len(found)


async def _waiting(session: AsyncSession) -> Sequence[tuple[TopicTicket, Ticket]]:
    """Return the oldest tickets that were not read yet."""
    statement = select(TopicTicket, Ticket).join(Ticket, Ticket.id == TopicTicket.ticket_id).where(TopicTicket.waiting)
    rows = await session.execute(statement.order_by(TopicTicket.opened_at, TopicTicket.ticket_id).limit(BATCH))
    return [(row, ticket) for row, ticket in rows]


def is_secret(ticket: Ticket) -> bool:
    """Return whether a ticket is in no topic: how many such there are, where and when, is nobody's but its readers'."""
    return ticket.sealed or ticket.confidential or ticket.request_type == "tip_off"


async def _topic_of(session: AsyncSession, ticket: Ticket) -> Topic | None:
    """Return the topic that the ticket belongs to from now on; None where it stands alone."""
    vector = (await session.scalars(select(Ticket.embedding).where(Ticket.id == ticket.id))).one()
    joined = await _with_master(session, ticket) or await _nearest(session, ticket, vector)
    if joined is not None:
        _take(
            joined, ticket, vector, (await session.scalars(select(Topic.centroid).where(Topic.id == joined.id))).one()
        )
        return joined
    for alike in await nearby.alike(session, ticket, vector, least=rules().topics.join_from):
        other = await session.scalar(
            select(Ticket)
            .join(TopicTicket, and_(TopicTicket.ticket_id == Ticket.id, TopicTicket.topic_id.is_(None)))
            .where(Ticket.number == alike.number, ~TopicTicket.waiting)
        )
        if other is not None and not is_secret(other):
            return await _found(session, other, ticket, vector)
    return None


async def _with_master(session: AsyncSession, ticket: Ticket) -> Topic | None:
    """Return the topic of the ticket that this one follows: its citizen said that it is the same matter."""
    if ticket.merged_into is None:
        return None
    topic = await session.scalar(
        select(Topic)
        .join(TopicTicket, TopicTicket.topic_id == Topic.id)
        .where(TopicTicket.ticket_id == ticket.merged_into, Topic.closed_at.is_(None))
    )
    if topic is not None:
        return topic
    master = await session.get(Ticket, ticket.merged_into)
    kept = await session.get(TopicTicket, ticket.merged_into)
    if master is None or kept is None or kept.topic_id or is_secret(master) or master.encoder != ticket.encoder:
        return None
    vector = (await session.scalars(select(Ticket.embedding).where(Ticket.id == master.id))).one()
    made = new(master, vector)
    await _announce(session, made)
    kept.topic_id, kept.waiting = made.id, False
    return made


async def _nearest(session: AsyncSession, ticket: Ticket, vector: Sequence[float]) -> Topic | None:
    """Return the open topic of the ticket's place whose centre its words are nearest to."""
    limits = rules().topics
    cosine = 1 - Topic.centroid.cosine_distance(cast(list(vector), Vector()))
    here = select(Topic.id, cosine.label("cosine")).where(
        reached(ticket.encoder, ticket.opened_at),
        in_place(ticket),
        of_group(ticket.category),
    )
    inner = here.cte("here").prefix_with("materialized")
    row = (await session.execute(select(inner).order_by(inner.c.cosine.desc()).limit(1))).first()
    if row is None or row.cosine < limits.cosine_from:
        return None
    return await session.get(Topic, row.id, with_for_update=True)


def reached(encoder: str | None, at: datetime) -> ColumnElement[bool]:
    """Return the condition under which a topic is open, alive at a moment, and compares with an encoder's vectors."""
    alive = Topic.last_at >= at - timedelta(days=rules().topics.days)
    return and_(Topic.closed_at.is_(None), Topic.encoder == (encoder or ""), alive)


def in_place(here: Ticket | Topic) -> ColumnElement[bool]:
    """Return the condition under which a topic lies where a ticket or another topic does."""
    same: list[ColumnElement[bool]] = []
    if here.landmark:
        same.append(Topic.landmark == here.landmark)
    if here.road:
        # Two estates of one road are two places.
        same.append(
            and_(Topic.road == here.road, Topic.landmark.is_(None)) if here.landmark else Topic.road == here.road
        )
    if rules().near.reach_of(here.category).area and here.district:
        same.append(and_(Topic.district == here.district, Topic.category == here.category))
    if not same:
        return false()
    # One name may be borne in two districts.
    elsewhere = Topic.district != here.district if here.district else false()
    return and_(or_(*same), func.coalesce(~elsewhere, True))


def of_group(category: str | None) -> ColumnElement[bool]:
    """Return the condition under which a topic is of the second-level category that a ticket or topic is of."""
    group = ".".join((category or "").split(".")[:2])
    return or_(Topic.category.is_(None), func.starts_with(Topic.category + ".", group + ".")) if group else true()


async def _found(session: AsyncSession, first: Ticket, second: Ticket, vector: Sequence[float]) -> Topic:
    other = (await session.scalars(select(Ticket.embedding).where(Ticket.id == first.id))).one()
    topic = new(first, other)
    _take(topic, second, vector, other)
    await _announce(session, topic)
    kept = await session.get(TopicTicket, first.id)
    assert kept is not None  # it was read before, and stood alone
    kept.topic_id = topic.id
    return topic


async def _announce(session: AsyncSession, topic: Topic) -> None:
    """Write a new topic; its history begins, and open screens hear of it."""
    session.add(topic)
    await session.flush()
    await ledger.append(session, subject=f"topic:{topic.id}", kind="topic.founded", actor=SYSTEM, data={})
    await live.announce(session, "desk", "topic.founded", topic_id=topic.id)


def new(ticket: Ticket, vector: Sequence[float]) -> Topic:
    """Return a topic of one ticket."""
    return Topic(
        title=nearby.label(ticket.category, nearby.known_name(ticket.landmark) or nearby.known_name(ticket.road)),
        category=ticket.category,
        district=ticket.district,
        street=ticket.street,
        road=ticket.road,
        landmark=ticket.landmark,
        encoder=ticket.encoder or "",
        centroid=list(vector),
        size=1,
        first_at=ticket.opened_at,
        last_at=ticket.opened_at,
        rank=scale(ticket.opened_at),
        warned_size=0,
    )


def _take(topic: Topic, ticket: Ticket, vector: Sequence[float], centre: Sequence[float]) -> None:
    """Let a ticket in: the centre moves, the topic grows hotter."""
    moved = np.asarray(centre, dtype=np.float32) * topic.size + np.asarray(vector, dtype=np.float32)
    topic.centroid = (moved / np.linalg.norm(moved)).tolist()
    topic.size += 1
    topic.first_at, topic.last_at = min(topic.first_at, ticket.opened_at), max(topic.last_at, ticket.opened_at)
    since = scale(ticket.opened_at)
    topic.rank = hotter(topic.rank, since)
    topic.changed = True
    if topic.street != ticket.street:
        topic.street = None


def hotter(rank: float, other: float) -> float:
    """Return the rank of two topics, or of a topic and a ticket, together."""
    high, low = max(rank, other), min(rank, other)
    return high + math.log2(1 + 2.0 ** max(low - high, -500))


def scale(moment: datetime) -> float:
    """Return how many half-lives of heat lie between the epoch and a moment."""
    return moment.timestamp() / 86400 / rules().topics.half_life_days

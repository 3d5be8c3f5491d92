"""A topic that turned out to be two matters is parted: one of them gets a topic of its own.

What follows a ticket stays with it: its citizen said that it is the same matter.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sqlalchemy import Float, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger, live
from core.auth import SYSTEM
from routing.growing.gathering import new, scale
from routing.growing.tables import Topic, TopicTicket
from routing.models import Ticket
from routing.rules import rules

MOST_READ = 400  # tickets of a topic, the newest: they say what it has become

Rows = NDArray[np.float32]

# Which of the topic's own tickets are nearer to the new centre than to the one that stays. (Vectors of another encoder
# may be of another length: they are not compared.)
_MOVE = text(
    "update topic_tickets set topic_id = :other from tickets t"
    " where topic_tickets.topic_id = :topic and t.id = topic_tickets.ticket_id and t.state <> 'merged'"
    " and case when t.encoder = :encoder"
    " then t.embedding <=> cast(:there as vector) < t.embedding <=> cast(:here as vector) end"
)
_FOLLOW = text(
    "update topic_tickets set topic_id = :other from tickets t, topic_tickets master"
    " where topic_tickets.topic_id = :topic and t.id = topic_tickets.ticket_id and t.state = 'merged'"
    " and master.ticket_id = t.merged_into and master.topic_id = :other"
)
_COUNT = text(
    "with own as (select opened_at, max(opened_at) over () as newest from topic_tickets where topic_id = :topic)"
    " select count(*) as size, min(opened_at) as first_at, max(opened_at) as last_at,"
    # Older than 500 half-lives is cold; a smaller number is none.
    " ln(sum(power(2, greatest(-500, extract(epoch from opened_at - newest) / 86400 / :half_life)))) / ln(2) as rank"
    " from own"
).bindparams(bindparam("half_life", type_=Float()))


async def read(session: AsyncSession, topic: Topic, encoder: str) -> tuple[list[int], Rows]:
    """Return the newest tickets of a topic that stand for themselves, and their vectors of this encoder."""
    statement = (
        select(Ticket.id, Ticket.embedding)
        .join(TopicTicket, TopicTicket.ticket_id == Ticket.id)
        .where(TopicTicket.topic_id == topic.id, Ticket.state != "merged", Ticket.encoder == encoder)
    )
    rows = (await session.execute(statement.order_by(TopicTicket.opened_at.desc()).limit(MOST_READ))).all()
    return [id for id, _ in rows], np.asarray([vector for _, vector in rows], dtype=np.float32)


def apart(vectors: Rows) -> list[list[int]]:
    """Return the rows of each matter, the largest first, where there are two or more of them; else nothing.

    Average linkage; a group that is too small, or whose centre is near that of the largest, is no matter of its own.
    """
    limits = rules().topics
    if len(vectors) < 2 * limits.smallest_part:
        return []
    tied = linkage(vectors.astype(float), method="average", metric="cosine")
    labels = fcluster(tied, 1 - limits.parts_below, criterion="distance")
    found = [np.flatnonzero(labels == each).tolist() for each in np.unique(labels)]
    groups = sorted((each for each in found if len(each) >= limits.smallest_part), key=len, reverse=True)
    if not groups:
        return []
    largest = centre(vectors[groups[0]])
    others = [each for each in groups[1:] if float(centre(vectors[each]) @ largest) < limits.apart_below]
    return [groups[0], *others] if others else []


def centre(vectors: Rows) -> Rows:
    """Return the middle of some vectors, of length one."""
    summed = vectors.sum(axis=0)
    return np.asarray(summed / np.linalg.norm(summed), dtype=np.float32)


async def part(session: AsyncSession, topic: Topic, ids: Sequence[int], vectors: Rows) -> Topic | None:
    """Give the matter that is furthest from what the topic is mostly about a topic of its own; return it.

    A third matter is parted from the two when they are looked at in their turn.
    """
    groups = await asyncio.to_thread(apart, vectors)
    if not groups:
        return None
    here = centre(vectors[groups[0]])
    there, rows = min(((centre(vectors[each]), each) for each in groups[1:]), key=lambda found: float(found[0] @ here))
    seed = ids[max(rows, key=lambda row: float(vectors[row] @ there))]
    made = new((await session.scalars(select(Ticket).where(Ticket.id == seed))).one(), there.tolist())
    warned_size = topic.warned_size  # whoever knows of the warning knows of both
    for name in ("warned_at", "warning", "acknowledged_at", "acknowledged_by", "note"):
        setattr(made, name, getattr(topic, name))
    session.add(made)
    await session.flush()
    values: dict[str, Any] = {"topic": topic.id, "other": made.id}
    near = {"encoder": made.encoder, "there": str(there.tolist()), "here": str(here.tolist())}
    await session.execute(_MOVE, values | near)
    await session.execute(_FOLLOW, values)
    for each, middle in ((topic, here), (made, there)):
        each.centroid = middle.tolist()
        await count(session, each)
        each.warned_size = min(warned_size, each.size)
    await _record(session, topic, made)
    return made


async def count(session: AsyncSession, topic: Topic) -> int:
    """Count the tickets of a topic anew, its heat too, and return how many there are; of none the times stay."""
    counted = (await session.execute(_COUNT, {"topic": topic.id, "half_life": rules().topics.half_life_days})).one()
    topic.size = counted.size
    if counted.size:
        topic.first_at, topic.last_at = counted.first_at, counted.last_at
        topic.rank = scale(counted.last_at) + float(counted.rank)
    return topic.size


async def _record(session: AsyncSession, topic: Topic, made: Topic) -> None:
    await session.flush()
    for one, other, kind in ((topic, made, "parted"), (made, topic, "parted_from")):
        data = {"other": other.id, "size": one.size}
        await ledger.append(session, subject=f"topic:{one.id}", kind=f"topic.{kind}", actor=SYSTEM, data=data)
    await live.announce(session, "desk", "topic.parted", topic_id=topic.id)

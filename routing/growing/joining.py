"""Two topics of one place that turned out to be one matter are joined: the larger takes in the smaller.

The smaller keeps its row, its history and its address, which leads to the larger.
"""

import numpy as np
from pgvector.sqlalchemy import Vector
from sqlalchemy import cast, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import SYSTEM
from routing.growing.gathering import hotter, in_place, of_group, reached
from routing.growing.tables import Topic, TopicTicket
from routing.rules import rules

WARNING = ("warned_at", "warning", "warned_size", "acknowledged_at", "acknowledged_by", "note")


async def join(session: AsyncSession, topic: Topic) -> Topic | None:
    """Join the topic with the one of its place that reads most like it, if that is one matter; return what is left."""
    middle = (await session.scalars(select(Topic.centroid).where(Topic.id == topic.id))).one()
    cosine = 1 - Topic.centroid.cosine_distance(cast(list(middle), Vector()))
    here = select(Topic.id, cosine.label("cosine")).where(
        Topic.id != topic.id, reached(topic.encoder, topic.last_at), in_place(topic), of_group(topic.category)
    )
    inner = here.cte("here").prefix_with("materialized")
    found = (await session.execute(select(inner).order_by(inner.c.cosine.desc()).limit(1))).first()
    if found is None or found.cosine < rules().topics.one_from:
        return None
    other = await session.get(Topic, found.id, with_for_update=True, populate_existing=True)
    if other is None or other.closed_at is not None:
        return None
    small, large = sorted((topic, other), key=lambda each: (each.size, -each.id))
    await _take_in(session, small, large)
    return large


async def _take_in(session: AsyncSession, small: Topic, large: Topic) -> None:
    centres = {
        id: np.asarray(centroid, dtype=np.float32)
        for id, centroid in await session.execute(
            select(Topic.id, Topic.centroid).where(Topic.id.in_((small.id, large.id)))
        )
    }
    moved = centres[small.id] * small.size + centres[large.id] * large.size
    large.centroid = (moved / np.linalg.norm(moved)).tolist()
    large.size += small.size
    large.first_at, large.last_at = min(small.first_at, large.first_at), max(small.last_at, large.last_at)
    large.rank = hotter(large.rank, small.rank)
    if large.street != small.street:
        large.street = None
    unread = small.warned_at is not None and small.acknowledged_at is None
    if small.warned_at and (large.warned_at is None or (unread and large.acknowledged_at is not None)):
        for name in WARNING:
            setattr(large, name, getattr(small, name))
    large.changed, small.changed = True, False
    small.closed_at, small.joined_into = clock.now(), large.id
    await session.execute(update(TopicTicket).where(TopicTicket.topic_id == small.id).values(topic_id=large.id))
    await session.flush()
    for one, other, kind in ((large, small, "joined"), (small, large, "joined_into")):
        data = {"other": other.id, "size": one.size}
        await ledger.append(session, subject=f"topic:{one.id}", kind=f"topic.{kind}", actor=SYSTEM, data=data)
    await live.announce(session, "desk", "topic.joined", topic_id=large.id)

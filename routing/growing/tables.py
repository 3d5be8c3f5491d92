"""The tables of topics. A ticket belongs to one topic at most; a row that was read and has none stands alone."""

from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed


class Topic(Base):
    """A matter that several tickets report. Title and place hold no word that a citizen wrote.

    `changed`: it has taken a ticket in since it was last looked at by night; `joined_into`: the topic with which it
    turned out to be one. Its own history is the ledger's `topic:<id>`.
    """

    __tablename__ = "topics"
    __table_args__ = (
        Index("ix_topics_rank", "rank", postgresql_where=text("closed_at is null")),
        Index("ix_topics_landmark", "landmark", postgresql_where=text("closed_at is null")),
        Index("ix_topics_road", "road", postgresql_where=text("closed_at is null")),
        Index("ix_topics_district_category", "district", "category", postgresql_where=text("closed_at is null")),
        Index("ix_topics_changed", "id", postgresql_where=text("changed and closed_at is null")),
        Index("ix_topics_warned_at", "warned_at", postgresql_where=text("warned_at is not null and closed_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str]
    category: Mapped[str | None]
    district: Mapped[str | None]
    street: Mapped[str | None]
    road: Mapped[str | None]
    landmark: Mapped[str | None]
    encoder: Mapped[str]
    centroid: Mapped[Any] = mapped_column(Vector(), deferred=True)
    size: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    rank: Mapped[float]  # log2 of the heat, counted back to one moment: two topics compare alike at any time
    warned_at: Mapped[datetime | None]
    warning: Mapped[str | None]  # growth | new | urgent
    warned_size: Mapped[int] = mapped_column(default=0)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Sealed)
    closed_at: Mapped[datetime | None]
    changed: Mapped[bool] = mapped_column(default=True)
    joined_into: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))


class TopicTicket(Base):
    """A ticket that has its vector, and the topic that it belongs to.

    `waiting`: not read yet. The row is made with the vector (`routing.vectors`), so that none is left out, however late
    its vector comes and however long nobody gathers.
    """

    __tablename__ = "topic_tickets"
    __table_args__ = (
        Index("ix_topic_tickets_topic", "topic_id", "opened_at"),
        Index("ix_topic_tickets_waiting", "opened_at", postgresql_where=text("waiting")),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topics.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime]
    waiting: Mapped[bool]

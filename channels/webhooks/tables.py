"""Who wants to be told where, and what became of each message."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed


class Subscription(Base):
    """An address of a department's system that wants to be told; `position`: how far in the feed it has been."""

    __tablename__ = "webhook_subscriptions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    url: Mapped[str]
    kinds: Mapped[list[str]]  # empty: all
    secret: Mapped[str] = mapped_column(Sealed)
    former_secret: Mapped[str | None] = mapped_column(Sealed)  # signs too, until `former_until`
    former_until: Mapped[datetime | None]
    active: Mapped[bool]
    position: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int]  # in a row
    retry_at: Mapped[datetime | None]  # while it fails, nothing is sent before
    switched_off: Mapped[str | None]  # why, where it was not a person: failing, gone


class Delivery(Base):
    """One event on its way to one subscription; `round` grows when it is sent again on purpose."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_waiting", "subscription_id", postgresql_where=text("delivered_at is null")),
    )

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_subscriptions.id", ondelete="CASCADE"), primary_key=True
    )
    event_id: Mapped[int] = mapped_column(
        ForeignKey("department_events.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    round: Mapped[int]
    attempts: Mapped[int]
    posted_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]  # HTTP
    failure: Mapped[str | None]  # timeout, refused, address …: a short code
    delivered_at: Mapped[datetime | None]

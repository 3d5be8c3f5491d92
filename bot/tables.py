"""Tables of this room. What citizens say is personal: texts, data and state are held encrypted."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed


class Conversation(Base):
    """One citizen's thread on one door; its row is the lock under which a turn is answered."""

    __tablename__ = "conversations"
    __table_args__ = (Index("uq_conversations_channel_peer_index", "channel", "peer_index", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    locale: Mapped[str]
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]  # of the token
    peer: Mapped[str | None] = mapped_column(Sealed)  # openid, caller's number: whom the door answers
    peer_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str | None] = mapped_column(Sealed)  # the engine's, as JSON
    created_at: Mapped[datetime]
    last_at: Mapped[datetime]


class StoredMessage(Base):
    """One thing said. `answers` is the citizen's message that a reply belongs to; `key` the door's id of a message."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation_id", "conversation_id", "id"),
        Index("uq_messages_conversation_key", "conversation_id", "key", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    sender: Mapped[str]  # citizen bot agent
    text: Mapped[str] = mapped_column(Sealed)
    reply_type: Mapped[str | None]
    data: Mapped[str] = mapped_column(Sealed)  # JSON; of a reply also `why`, for staff
    key: Mapped[str | None]
    answers: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int | None] = mapped_column(BigInteger)  # the agent who said it
    at: Mapped[datetime]


class Handover(Base):
    """A citizen waiting for a person, or talking with one; ended when given back or no longer wanted."""

    __tablename__ = "handovers"
    __table_args__ = (
        Index("uq_handovers_open", "conversation_id", unique=True, postgresql_where=text("ended_at is null")),
        Index("ix_handovers_waiting", "requested_at", postgresql_where=text("ended_at is null and taken_at is null")),
        Index("ix_handovers_held", "waits_since", postgresql_where=text("ended_at is null and taken_at is not null")),
        Index("ix_handovers_requested_at", "requested_at"),
        Index("ix_handovers_taken_at", "taken_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    reason: Mapped[str]  # emergency, asked, not_understood, no_answer …
    urgent: Mapped[bool]  # goes before all others
    skill: Mapped[str | None]  # the desk that is asked first: a code of `handover.yaml`
    open_at: Mapped[datetime]  # from when on anybody may take it; later than requested_at: it stands at its own desk
    returned: Mapped[bool] = mapped_column(default=False)  # an agent had it and left: before all but emergencies
    requested_at: Mapped[datetime]
    place: Mapped[int | None]  # in the queue, as it was asked for
    told_place: Mapped[int | None]  # what the citizen was told last
    told_minutes: Mapped[int | None]
    told_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    staff_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    waits_since: Mapped[datetime | None]  # since when the citizen waits for a word of the agent who has it
    ended_at: Mapped[datetime | None]
    ended_as: Mapped[str | None]  # returned (by an agent), met (by telephone), left (the citizen gave up)

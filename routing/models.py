"""The tables of this floor. Who asked lies apart from what was asked, so that reading a ticket shows no person."""

from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed, SealedJson

# Lengths of the vectors of the encoders in use; closed tickets with another length are found by reading all of them.
DIMENSIONS = (384, 512, 768, 1024)

# A citizen who reports the same may join it; one that follows a master is found by its master.
OPEN = "state not in ('replied', 'closed', 'withdrawn', 'merged')"


AGENDA: tuple[ColumnElement[Any], ...] = (literal_column("next_due_at"), literal_column("number").desc())


def _nearness(dimension: int) -> Index:
    """Return the index (HNSW) by which the closed tickets nearest to a vector are found."""
    # An index wants one length of vector, the column holds those of any encoder: so one index a length.
    return Index(
        f"ix_tickets_closed_near_{dimension}",
        literal_column(f"(embedding::vector({dimension}))").label("near"),
        postgresql_using="hnsw",
        postgresql_ops={"near": "vector_cosine_ops"},
        postgresql_where=text(f"state = 'closed' and vector_dims(embedding) = {dimension}"),
    )


class Ticket(Base):
    """工单: one request on its way to being solved. States stand in `routing.workflow`."""

    __tablename__ = "tickets"
    __table_args__ = (
        # Lists are in the order in which something is due; a page deep in one is found in its index alone.
        Index("ix_tickets_agenda", *AGENDA, postgresql_include=["id", "lead", "state", "sealed"]),
        Index("ix_tickets_state_agenda", "state", *AGENDA, postgresql_include=["id", "sealed"]),
        Index("ix_tickets_lead_state_agenda", "lead", "state", *AGENDA, postgresql_include=["id", "sealed"]),
        Index("ix_tickets_title", literal_column("title_bigrams(title)").label("bigrams"), postgresql_using="gin"),
        # By these the open tickets near a place are found, the newest first (`routing.nearby`).
        Index("ix_tickets_open_area", "district", "category", "opened_at", postgresql_where=text(OPEN)),
        Index("ix_tickets_open_road", "road", "opened_at", postgresql_where=text(f"{OPEN} and road is not null")),
        Index(
            "ix_tickets_open_landmark",
            "landmark",
            "opened_at",
            postgresql_where=text(f"{OPEN} and landmark is not null"),
        ),
        Index(
            "ix_tickets_open_point", "latitude", "longitude", postgresql_where=text(f"{OPEN} and latitude is not null")
        ),
        Index("ix_tickets_category_opened_at", "category", "opened_at"),
        Index("ix_tickets_callback_at", "callback_at", postgresql_where=text("callback_at is not null")),
        Index("ix_tickets_wrong_leads", "category", postgresql_where=text("wrong_leads <> '[]'::jsonb")),
        Index("ix_tickets_sealed", "id", postgresql_where=text("sealed")),
        Index("ix_tickets_merged_into", "merged_into", postgresql_where=text("merged_into is not null")),
        Index("ix_tickets_split_from", "split_from", postgresql_where=text("split_from is not null")),
        Index("ix_tickets_applied", "applied", postgresql_where=text("applied is not null")),
        Index("ix_tickets_supervision", "supervision", postgresql_where=text("supervision is not null")),
        Index("ix_tickets_co_handlers", "co_handlers", postgresql_using="gin"),
        *(_nearness(dimension) for dimension in DIMENSIONS),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(String(collation="C"), unique=True)
    code_digest: Mapped[bytes]
    channel: Mapped[str]
    conversation: Mapped[str | None] = mapped_column(index=True)
    request_type: Mapped[str]
    category: Mapped[str | None]
    urgency: Mapped[str]
    confidential: Mapped[bool]
    sealed: Mapped[bool] = mapped_column(default=False)  # 密件: only supervisors and the department that leads see it
    title: Mapped[str]
    description: Mapped[str] = mapped_column(Sealed)
    elements: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    attachments: Mapped[list[Any]] = mapped_column(JSONB)
    happened: Mapped[str | None]
    address: Mapped[str | None] = mapped_column(Sealed)
    district: Mapped[str | None]
    street: Mapped[str | None]
    grid: Mapped[str | None]
    road: Mapped[str | None]  # the gazetteer's name; none of a secret ticket, as the two that follow
    landmark: Mapped[str | None]  # of a building, an estate, a park …; where the gazetteer has none, as it was said
    house: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    state: Mapped[str]
    lead: Mapped[str | None]
    co_handlers: Mapped[list[str]]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    next_due_at: Mapped[datetime | None]  # when the next clock ends that people wait for; kept by `routing.timing`
    dispatched_at: Mapped[datetime | None]  # the first time; the citizen's clock runs from here
    accepted_at: Mapped[datetime | None]  # by the department that leads now
    replied_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    misdispatched: Mapped[bool] = mapped_column(default=False)  # the first department was not the right one
    wrong_leads: Mapped[list[str]] = mapped_column(default=list)  # departments whose duty it was found not to be
    returns: Mapped[int] = mapped_column(default=0)
    return_refused: Mapped[bool] = mapped_column(default=False)  # ruled: the department that leads now keeps it
    reopened: Mapped[int] = mapped_column(default=0)
    reopened_closed: Mapped[int] = mapped_column(default=0)  # of those, how often after it had been closed
    applied: Mapped[str | None]  # extension, suspension: what the lead asked for and the centre has not decided
    extensions: Mapped[int] = mapped_column(default=0)  # approved
    extended_days: Mapped[int] = mapped_column(default=0)  # working days approved, all together
    open_parts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # co-handlers that owe a part: asked, accepted
    merged_into: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tickets.id"))  # the master that it follows
    split_from: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tickets.id"))
    supervision: Mapped[str | None]  # open, answered: a formal order of the centre (督办)
    supervised: Mapped[bool] = mapped_column(default=False)
    urges: Mapped[int] = mapped_column(default=0)
    urged_at: Mapped[datetime | None]
    result: Mapped[str | None]
    basis: Mapped[str | None]
    contacted: Mapped[bool | None]
    solved: Mapped[bool | None]
    satisfied: Mapped[int | None]
    surveyed_at: Mapped[datetime | None]
    callback_at: Mapped[datetime | None]  # from when on an agent is to call; null where nobody is
    callbacks: Mapped[int] = mapped_column(default=0)  # calls since the last reply that reached nobody
    survey_end: Mapped[str | None]  # why nobody waits for the answers any more: `routing.callbacks.End`
    changed_at: Mapped[datetime] = mapped_column(index=True)  # by the last step; what figures follow
    encoder: Mapped[str | None]  # fingerprint; vectors of different encoders are never compared
    embedding: Mapped[Any] = mapped_column(Vector(), nullable=True, deferred=True)


class TicketCitizen(Base):
    """Who asked. Only `routing.citizens` and `routing.hiding` read it."""

    __tablename__ = "ticket_citizens"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    phone_index: Mapped[bytes | None] = mapped_column(index=True)


class TicketNote(Base):
    """Words that belong to an event of a ticket: they may be personal, so the ledger holds only that they exist."""

    __tablename__ = "ticket_notes"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    event_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Sealed)
    attachments: Mapped[list[Any]] = mapped_column(JSONB)


class TicketClock(Base):
    """One clock of a ticket. It runs until it is met or void; a breach is marked once and stays.

    `changes`: its pauses, resumptions and extensions, as `routing.clocks.Change` writes them; `due_at` of a paused
    clock is the end that it had. `act_at`: when the sweep must next look at it (a warning, or the end); `warned`: the
    highest percent that has been acted upon.
    """

    __tablename__ = "ticket_clocks"
    __table_args__ = (
        Index("ix_ticket_clocks_act_at", "act_at", postgresql_where=text("act_at is not null")),
        Index(
            "uq_ticket_clocks_running",
            "ticket_id",
            "kind",
            unique=True,
            postgresql_where=text("met_at is null and void_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    amount: Mapped[int]
    unit: Mapped[str]
    policy: Mapped[str]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    provisional: Mapped[bool]
    met_at: Mapped[datetime | None]
    void_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    changes: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    act_at: Mapped[datetime | None]
    warned: Mapped[int] = mapped_column(SmallInteger, default=0)


class CallbackAttempt(Base):
    """One call of an agent to ask the three questions."""

    __tablename__ = "callback_attempts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]
    outcome: Mapped[str]
    again_at: Mapped[datetime | None]


class TicketCount(Base):
    """How many tickets more (or fewer, below zero) a department has in a state; the sum of all rows holds.

    A trigger writes a row for each ticket that comes, goes or moves, so that nobody waits for a total;
    `supervision.fold_counts` sums them up.
    """

    __tablename__ = "ticket_counts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    state: Mapped[str]
    lead: Mapped[str | None]
    sealed: Mapped[bool]
    tickets: Mapped[int] = mapped_column(BigInteger)

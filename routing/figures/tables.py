"""What each ticket counts as, and the sums of days: they change together, so a number is its list's length."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Index, Integer, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

YES, NO = "yes", "no"  # any other value of a ticket is the reason for which it is excluded
# What sums are kept by; `all` has one value, the empty one.
DIMENSIONS = ("department", "district", "category", "channel")
ALL = "all"
# The codes stand here again because a table must not change with a definition: a new figure is a migration.
COUNTED = ("opened", "dispatched", "closed", "surveyed", "reopened", "merged")
SHARED = (
    "response_rate",
    "solution_rate",
    "satisfaction_rate",
    "first_dispatch_accuracy",
    "on_time_rate",
    "return_rate",
    "reopen_rate",
    "merge_rate",
    "extension_rate",
    "callback_rate",
)
PARTS = (YES, NO, "excluded")
SUMS = (*(f"{code}_{YES}" for code in COUNTED), *(f"{code}_{part}" for code in SHARED for part in PARTS))


def column_name(code: str, part: str) -> str:
    """Return the name of the column in which a part of a figure is summed."""
    return f"{code}_{part}"


ticket_facts = Table(
    "ticket_facts",
    Base.metadata,
    Column("ticket_id", BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("changed_at", DateTime(timezone=True), nullable=False),  # of the ticket, when it was read
    Column("due_at", DateTime(timezone=True)),  # when, without any event, the ticket will count as late
    Column("day", Date, nullable=False),  # on which it was opened, of the city's calendar
    *(Column(dimension, String, nullable=False) for dimension in DIMENSIONS),
    *(Column(code, String) for code in (*COUNTED, *SHARED)),
    Index("ix_ticket_facts_day", "day", "ticket_id"),
    Index("ix_ticket_facts_due_at", "due_at", postgresql_where=text("due_at is not null")),
)

# One row a day, dimension and value: 365 days × some 80 values, whatever the number of tickets.
figure_days = Table(
    "figure_days",
    Base.metadata,
    Column("dimension", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("day", Date, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in SUMS),
    Index("ix_figure_days_dimension_day", "dimension", "day"),
)


class FigureReason(Base):
    """How many tickets of a day a figure excludes for a reason."""

    __tablename__ = "figure_reasons"

    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer)


class FigureState(Base):
    """Up to when changed tickets have been counted; one row, written by whoever follows."""

    __tablename__ = "figure_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    changed_to: Mapped[datetime]
    as_of: Mapped[datetime]


class FigureExclusion(Base):
    """A person has decided that a ticket is not to count; what for stands in the ledger."""

    __tablename__ = "figure_exclusions"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

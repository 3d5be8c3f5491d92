"""The tables of the quality check: what was found, which tickets were read, and counts that nobody waits for."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.privacy import Sealed, SealedJson

# open: waits for a person; quiet: found, but the same was dismissed so often that it is not shown unasked.
STANDS = ("open", "quiet", "confirmed", "dismissed")
UNDECIDED = ("open", "quiet")
READ = "read"  # the state under which `quality_counts` holds how many replies were read


class Finding(Base):
    """Something that a check found on a ticket.

    `about_at`: when what was read came, the request or the reply; `category`: of the first level; `evidence`: the words
    it stands on, its value and what was learnt of such findings; `reason`: why it was decided so.
    """

    __tablename__ = "quality_findings"
    __table_args__ = (
        Index("uq_quality_findings_ticket_check_about_at", "ticket_id", "check", "about_at", unique=True),
        Index("ix_quality_findings_state_id", "state", "id"),
        Index("ix_quality_findings_state_check_id", "state", "check", "id"),
        Index("ix_quality_findings_department_state_id", "department", "state", "id"),
        # What people decided lately on findings of a kind (`lessons`).
        Index(
            "ix_quality_findings_decided",
            "check",
            "department",
            "category",
            "decided_at",
            postgresql_where=text("decided_at is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    check: Mapped[str]
    severity: Mapped[int]
    department: Mapped[str]
    category: Mapped[str]
    about_at: Mapped[datetime]
    evidence: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    found_at: Mapped[datetime]
    day: Mapped[date] = mapped_column(index=True)
    state: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Sealed)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class QualityReading(Base):
    """That a ticket was read, when, and by which rules (`rules.fingerprint`); `replied`: with a reply in it."""

    __tablename__ = "quality_readings"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    read_at: Mapped[datetime]
    rules: Mapped[str]
    department: Mapped[str]
    replied: Mapped[bool]


class QualityCount(Base):
    """How many findings more (or fewer, below zero) a department has of a check in a state; all rows are summed.

    A trigger writes a row for each finding that comes, goes or is decided, and for each reply that is read (`READ`);
    `counting.fold` sums them up.
    """

    __tablename__ = "quality_counts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    department: Mapped[str]
    check: Mapped[str]
    state: Mapped[str]
    findings: Mapped[int] = mapped_column(BigInteger)

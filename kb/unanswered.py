"""Questions that the base had no answer to: what the editors should write next, the most asked first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Identity, LargeBinary, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from core.privacy import Sealed, blind_index, mask_text
from core.text.normalise import clean, normalise

LONGEST = 500  # characters kept of a question


class Unanswered(Base):
    """One question, however often it was asked. Citizens put names and places into questions: it is kept sealed."""

    __tablename__ = "unanswered_questions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # blind index of the normalised question
    question: Mapped[str] = mapped_column(Sealed)  # numbers of phones, identity and bank cards masked
    times: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    conversation: Mapped[str | None]  # the last one in which it was asked


async def record(session: AsyncSession, question: str, *, conversation: str | None = None) -> None:
    """Count a question that had no answer; an empty one is not kept. The same question again counts again."""
    kept = mask_text(clean(question))[:LONGEST]
    if not kept:
        return
    now = clock.now()
    row = insert(Unanswered).values(
        digest=blind_index(normalise(kept)),
        question=kept,
        times=1,
        first_at=now,
        last_at=now,
        conversation=conversation,
    )
    again = {"times": Unanswered.times + 1, "last_at": now, "conversation": row.excluded.conversation}
    await session.execute(row.on_conflict_do_update(index_elements=["digest"], set_=again))


async def listing(session: AsyncSession, limit: int = 50) -> Sequence[Unanswered]:
    """Return questions without an answer, the most asked first, then the latest."""
    query = select(Unanswered).order_by(Unanswered.times.desc(), Unanswered.last_at.desc(), Unanswered.id).limit(limit)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()

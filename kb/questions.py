"""Questions put to the base, counted by day and by the article that answered: what to write or mend next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from core.privacy import Sealed, blind_index, mask_text
from core.text.normalise import clean, normalise
from kb.articles.lifecycle import today

LONGEST = 500  # characters kept of a question
KEPT = timedelta(days=366)  # after the last time that somebody asked: a year back is the longest comparison
NONE = ""  # in place of the article, where none answered


class Question(Base):
    """One question, however often it was asked. Citizens put names and places into questions: it is kept sealed."""

    __tablename__ = "asked_questions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # blind index of the normalised question
    question: Mapped[str] = mapped_column(Sealed)  # numbers of phones, identity and bank cards masked
    last_at: Mapped[datetime]
    cluster: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("question_clusters.id", ondelete="SET NULL"), index=True
    )


class QuestionDay(Base):
    """How often a question was asked on a day of the city, by the article that answered it (`NONE`: none did)."""

    __tablename__ = "question_days"

    question: Mapped[int] = mapped_column(ForeignKey("asked_questions.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    article: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as lists show it."""

    question: str
    article: str  # that answered it; `NONE` where none did
    times: int
    last: date


async def record(session: AsyncSession, question: str, *, article: str = NONE) -> None:
    """Count a question, with the `article` that answered it, if any; an empty one is not kept."""
    id = await kept(session, question)
    if id is None:
        return
    row = insert(QuestionDay).values(question=id, day=today(), article=article, times=1)
    again = {"times": QuestionDay.times + 1}
    await session.execute(row.on_conflict_do_update(index_elements=["question", "day", "article"], set_=again))


async def kept(session: AsyncSession, question: str) -> int | None:
    """Return the id under which the question is kept, sealed, numbers in it masked; None for an empty one."""
    said = mask_text(clean(question))[:LONGEST]
    if not said:
        return None
    now = clock.now()
    row = insert(Question).values(digest=blind_index(normalise(said)), question=said, last_at=now)
    again = row.on_conflict_do_update(index_elements=["digest"], set_={"last_at": now}).returning(Question.id)
    return (await session.execute(again)).scalar_one()


async def forget(session: AsyncSession) -> None:
    """Delete the questions that nobody has asked for a year, and the counts of days before it."""
    await session.execute(delete(QuestionDay).where(QuestionDay.day < today() - KEPT))
    await session.execute(delete(Question).where(Question.last_at < clock.now() - KEPT))


async def listing(
    session: AsyncSession,
    *,
    since: date | None = None,
    until: date | None = None,
    answered: bool = False,
    limit: int = 50,
) -> Sequence[Asked]:
    """Return questions that no article answered, or that one did, the most asked first, then the latest.

    `since`, `until`: days, both inclusive.
    """
    times, last = func.sum(QuestionDay.times), func.max(QuestionDay.day)
    query = (
        select(Question.question, QuestionDay.article, times, last)
        .join(QuestionDay, QuestionDay.question == Question.id)
        .where((QuestionDay.article != NONE) if answered else (QuestionDay.article == NONE))
        .group_by(Question.id, QuestionDay.article)
        .order_by(times.desc(), last.desc(), Question.last_at.desc(), Question.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(QuestionDay.day >= since)
    if until is not None:
        query = query.where(QuestionDay.day <= until)
    return [Asked(*row) for row in await session.execute(query)]

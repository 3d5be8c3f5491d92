"""Whether an answer helped: citizens say 解决了 or 没解决, agents 用了 or 不对.

One voice a conversation, article and source; the last word counts. What was asked stands, sealed, beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from core.errors import NotFound
from kb import questions
from kb.articles.lifecycle import today
from kb.articles.model import Article
from kb.questions import Question


class Source(StrEnum):
    """Whose word it is."""

    CITIZEN = "citizen"
    AGENT = "agent"


class Feedback(Base):
    """One conversation's word on one article: the citizen's, or the agent's."""

    __tablename__ = "article_feedback"

    article: Mapped[str] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    conversation: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    solved: Mapped[bool]  # of an agent: used
    question: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("asked_questions.id", ondelete="SET NULL"), index=True
    )
    at: Mapped[datetime]
    day: Mapped[date] = mapped_column(index=True)  # of the city
    settled_at: Mapped[datetime | None]  # when an editor decided on an agent's 不对


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations an article helped, and how many it did not, by citizens' words and by agents'."""

    solved: int = 0
    unsolved: int = 0
    used: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question for which agents called an article wrong, and nobody has decided on that yet."""

    article: str
    title: str
    question: int
    text: str
    times: int


async def record(
    session: AsyncSession,
    article: str,
    *,
    solved: bool,
    conversation: str,
    question: str = "",
    source: Source = Source.CITIZEN,
) -> None:
    """Keep what a conversation says of an article, and what was asked. Raises NotFound for an unknown article."""
    if await session.scalar(select(Article.id).where(Article.id == article)) is None:
        raise NotFound("没有这篇文章。")
    said = {
        "solved": solved,
        "question": await questions.kept(session, question),
        "at": clock.now(),
        "day": today(),
        "settled_at": None,
    }
    row = insert(Feedback).values(article=article, conversation=conversation, source=source.value, **said)
    await session.execute(row.on_conflict_do_update(index_elements=["article", "conversation", "source"], set_=said))


async def counts(session: AsyncSession, *, since: date | None = None) -> dict[str, Counts]:
    """Return the counts of every article that anyone spoke of, by id; `since`: from that day on."""
    said = {
        name: func.count().filter(Feedback.source == source, Feedback.solved.is_(solved))
        for name, source, solved in (
            ("solved", Source.CITIZEN, True),
            ("unsolved", Source.CITIZEN, False),
            ("used", Source.AGENT, True),
            ("wrong", Source.AGENT, False),
        )
    }
    query = select(Feedback.article, *said.values()).group_by(Feedback.article)
    if since is not None:
        query = query.where(Feedback.day >= since)
    return {article: Counts(*found) for article, *found in await session.execute(query)}


async def said_by_agent(session: AsyncSession, conversation: str) -> dict[str, bool]:
    """Return which articles the agent used (True) or called wrong (False) in the conversation."""
    query = select(Feedback.article, Feedback.solved)
    query = query.where(Feedback.conversation == conversation, Feedback.source == Source.AGENT)
    return {article: solved for article, solved in await session.execute(query)}


async def doubts(session: AsyncSession, limit: int = 50) -> Sequence[Doubt]:
    """Return what agents called wrong and nobody has decided on, the most often said first."""
    times = func.count()
    query = (
        select(Feedback.article, Article.title, Question.id, Question.question, times)
        .join(Article, Article.id == Feedback.article)
        .join(Question, Question.id == Feedback.question)
        .where(Feedback.source == Source.AGENT, Feedback.solved.is_(False), Feedback.settled_at.is_(None))
        .group_by(Feedback.article, Article.title, Question.id)
        .order_by(times.desc(), func.max(Feedback.at).desc(), Question.id)
    )
    return [Doubt(*row) for row in await session.execute(query.limit(limit))]


async def settle(session: AsyncSession, article: str, question: int) -> str:
    """Note that an editor decided on agents' 不对; return the question. Raises NotFound where nothing is open."""
    found = await session.execute(
        update(Feedback)
        .where(
            Feedback.article == article,
            Feedback.question == question,
            Feedback.source == Source.AGENT,
            Feedback.solved.is_(False),
            Feedback.settled_at.is_(None),
        )
        .values(settled_at=clock.now())
        .returning(Feedback.question)
    )
    if not found.all():
        raise NotFound("这一条已经处理过了。")
    said = await session.get(Question, question)
    assert said is not None
    return said.question

"""Whether an answer solved it, as citizens say: one voice a conversation and article, the last one counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base
from core.errors import NotFound
from kb.articles.model import Article


class Feedback(Base):
    """One conversation's word on one article."""

    __tablename__ = "article_feedback"

    article: Mapped[str] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    conversation: Mapped[str] = mapped_column(primary_key=True)
    solved: Mapped[bool]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations an article helped, and how many it did not."""

    solved: int
    unsolved: int


async def record(session: AsyncSession, article: str, *, solved: bool, conversation: str) -> None:
    """Keep what a conversation says of an article. Raises NotFound for an unknown article."""
    if await session.scalar(select(Article.id).where(Article.id == article)) is None:
        raise NotFound("没有这篇文章。")
    now = clock.now()
    row = insert(Feedback).values(article=article, conversation=conversation, solved=solved, at=now)
    await session.execute(
        row.on_conflict_do_update(index_elements=["article", "conversation"], set_={"solved": solved, "at": now})
    )


async def counts(session: AsyncSession) -> dict[str, Counts]:
    """Return the counts of every article that anyone spoke of, by id."""
    solved = func.count().filter(Feedback.solved)
    rows = await session.execute(select(Feedback.article, solved, func.count()).group_by(Feedback.article))
    return {article: Counts(solved=yes, unsolved=all_ - yes) for article, yes, all_ in rows}

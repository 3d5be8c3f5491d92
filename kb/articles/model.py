"""The tables of the knowledge base's articles."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.auth import Actor
from core.database import Base


class State(StrEnum):
    """Where an article is in its life; only a published one is quoted."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Article(Base):
    """One article as it is now. `body` is Markdown: the answer first, then sections under `##`."""

    __tablename__ = "articles"

    id: Mapped[str] = mapped_column(primary_key=True)  # a slug: provident-fund-rent-withdrawal
    subject: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    questions: Mapped[list[str]]
    body: Mapped[str]
    department: Mapped[str]  # code
    basis: Mapped[str]
    region: Mapped[str]  # `city`, or the code of the district it holds for
    audience: Mapped[list[str]]  # citizen enterprise
    reviewed: Mapped[date]
    review_due: Mapped[date]  # a reminder for the editor; the article is still quoted
    effective: Mapped[date | None]  # first day on which it may be quoted
    expires: Mapped[date | None]  # last day on which it may be quoted
    sample: Mapped[bool]
    state: Mapped[str]
    version: Mapped[int]
    digest: Mapped[str]  # of the content, so that importing the same again changes nothing
    updated_at: Mapped[datetime]


class ArticleVersion(Base):
    """What an article said from a moment on; never changed."""

    __tablename__ = "article_versions"

    article: Mapped[str] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def of(cls, article: Article, content: dict[str, Any], actor: Actor) -> "ArticleVersion":
        """Return the record of what `article` says now."""
        return cls(
            article=article.id,
            version=article.version,
            content=content,
            state=article.state,
            actor=str(actor),
            at=clock.now(),
        )

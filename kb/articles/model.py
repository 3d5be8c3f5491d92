"""The tables of the knowledge base's articles."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.auth import Actor
from core.database import Base

# What is listed of a file: id, name, media_type, size in bytes; its bytes lie in `article_files`.
Attached = dict[str, Any]


class State(StrEnum):
    """Whether an article is quoted; what was never published is a `Draft` only."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Where a change is on its way to being published."""

    DRAFT = "draft"
    REVIEW = "review"  # submitted: somebody else than its authors decides
    RETURNED = "returned"  # sent back with a reason


class Article(Base):
    """One article as it is now. `body` is Markdown: the answer first, then sections under `##`."""

    __tablename__ = "articles"

    id: Mapped[str] = mapped_column(primary_key=True)  # a slug: provident-fund-rent-withdrawal
    subject: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    questions: Mapped[list[str]]
    not_answered: Mapped[list[str]] = mapped_column(JSONB, default=list)  # asked near it, and answered nowhere
    body: Mapped[str]
    department: Mapped[str]  # code
    basis: Mapped[str]
    region: Mapped[str]  # `city`, or the code of the district it holds for
    audience: Mapped[list[str]]  # citizen enterprise
    reviewed: Mapped[date]
    review_due: Mapped[date] = mapped_column(index=True)  # a reminder for the editor; the article is still quoted
    effective: Mapped[date | None]  # first day on which it may be quoted
    expires: Mapped[date | None]  # last day on which it may be quoted
    sample: Mapped[bool]
    ask: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # what the answer depends on
    state: Mapped[str]
    version: Mapped[int]
    digest: Mapped[str]  # of the content, so that importing the same again changes nothing
    proposed: Mapped[str | None]  # digest of the proposal that it was made from, which may have been corrected since
    attachments: Mapped[list[Attached]] = mapped_column(JSONB, default=list)
    updated_at: Mapped[datetime]


class ArticleVersion(Base):
    """What an article said from a moment on; never changed."""

    __tablename__ = "article_versions"

    article: Mapped[str] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    attachments: Mapped[list[Attached]] = mapped_column(JSONB, default=list)
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")  # why it was withdrawn or rolled back
    actor: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def of(cls, article: Article, content: dict[str, Any], actor: Actor, *, reason: str = "") -> "ArticleVersion":
        """Return the record of what `article` says now."""
        return cls(
            article=article.id,
            version=article.version,
            content=content,
            attachments=list(article.attachments or ()),
            state=article.state,
            reason=reason,
            actor=str(actor),
            at=clock.now(),
        )


class Draft(Base):
    """A change on its way, beside the article: editing takes nothing from what is published."""

    __tablename__ = "article_drafts"

    id: Mapped[str] = mapped_column(primary_key=True)  # the article's, also of one that is yet to be
    content: Mapped[dict[str, Any]]  # the fields of `Document` except state; may be incomplete
    attachments: Mapped[list[Attached]] = mapped_column(JSONB, default=list)
    state: Mapped[str] = mapped_column(index=True)
    based_on: Mapped[int | None]  # the article's version when the change began; None for a new article
    edition: Mapped[int]  # grows with every change, so that nobody overwrites what they have not seen
    authors: Mapped[list[str]]  # who wrote in it: none of them may publish it
    note: Mapped[str]  # what the change is about, for the reviewer
    reason: Mapped[str]  # why it was sent back
    source: Mapped[str]  # the file it came from, empty for a person
    digest: Mapped[str]  # of the content as it was proposed, so that proposing the same again changes nothing
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class ArticleFile(Base):
    """The bytes of an attachment; never changed. Which articles and versions list it decides who may read it."""

    __tablename__ = "article_files"

    id: Mapped[str] = mapped_column(primary_key=True)
    article: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    actor: Mapped[str]
    at: Mapped[datetime]

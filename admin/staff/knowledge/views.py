"""What the interface shows of articles, drafts and versions."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from kb.articles import Article, ArticleVersion, Draft
from kb.articles.differences import Change

Kind = Literal["same", "gone", "new", "skipped"]


class View(BaseModel):
    """Made from a row."""

    model_config = ConfigDict(from_attributes=True)


class ArticleLine(View):
    """An article in a list."""

    id: str
    subject: str
    title: str
    department: str
    state: str
    version: int
    reviewed: date
    review_due: date
    effective: date | None
    expires: date | None


class ArticleDetail(ArticleLine):
    """An article as it is now."""

    questions: list[str]
    not_answered: list[str]
    body: str
    basis: str
    region: str
    audience: list[str]
    ask: dict[str, Any] | None
    attachments: list[dict[str, Any]]
    updated_at: datetime


class DraftView(View):
    """A change on its way; `edition` is what the next command must name."""

    id: str
    content: dict[str, Any]
    attachments: list[dict[str, Any]]
    state: str
    based_on: int | None
    edition: int
    authors: list[str]
    note: str
    reason: str
    source: str
    updated_at: datetime
    submitted_at: datetime | None


class VersionView(View):
    """What an article said from a moment on."""

    version: int
    state: str
    reason: str
    actor: str
    at: datetime


class PieceView(View):
    """A stretch of text, unchanged, taken out or put in; `skipped`: how many characters are not shown."""

    kind: Kind
    text: str


class ChangeView(View):
    """A field that differs."""

    field: str
    pieces: list[PieceView]


class Listed(BaseModel):
    """A list: articles or drafts, how many each list holds, and where the next page begins."""

    articles: list[ArticleLine] = []
    drafts: list[DraftView] = []
    counts: dict[str, int]
    next: int | None


class Opened(BaseModel):
    """An article with its open draft, where each exists, and its versions, the newest first."""

    article: ArticleDetail | None
    draft: DraftView | None
    versions: list[VersionView]


def opened(article: Article | None, draft: Draft | None, versions: list[ArticleVersion]) -> Opened:
    """Return what is shown of an article."""
    return Opened(
        article=ArticleDetail.model_validate(article) if article else None,
        draft=DraftView.model_validate(draft) if draft else None,
        versions=[VersionView.model_validate(each) for each in versions],
    )


def changes(found: list[Change]) -> list[ChangeView]:
    """Return what differs."""
    return [ChangeView.model_validate(each) for each in found]

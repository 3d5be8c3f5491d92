"""The published articles of this process, indexed: built in a background thread, swapped in whole, never half new."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.text import vectors
from core.text.encode import KEPT, Encoder
from kb import calibration, changes, contradictions, passages
from kb.articles.document import Ask
from kb.articles.model import Article, State
from kb.contradictions import Conflict
from kb.passages import Passage
from kb.retrieval import Retrieval, Text

log = structlog.get_logger()

CHECK_SECONDS = 1.0  # how often, at most, a process asks the database whether the base changed


@dataclass(frozen=True, slots=True)
class Published:
    """What the index holds of one article."""

    id: str
    subject: str
    title: str
    questions: tuple[str, ...]
    not_answered: tuple[str, ...]
    passages: tuple[Passage, ...]
    basis: str
    department: str
    region: str
    audience: tuple[str, ...]
    reviewed: date
    effective: date | None
    expires: date | None
    digest: str
    ask: Ask | None = None

    @classmethod
    def of(cls, article: Any) -> "Published":
        """Return what the index holds of a row of `articles`."""
        return cls(
            id=article.id,
            subject=article.subject,
            title=article.title,
            questions=tuple(article.questions),
            not_answered=tuple(article.not_answered),
            passages=passages.split(article.body),
            basis=article.basis,
            department=article.department,
            region=article.region,
            audience=tuple(article.audience),
            reviewed=article.reviewed,
            effective=article.effective,
            expires=article.expires,
            digest=article.digest,
            ask=Ask.model_validate(article.ask) if article.ask else None,
        )

    def text(self) -> Text:
        """Return what retrieval indexes."""
        return Text(
            id=self.id,
            title=self.title,
            questions=self.questions,
            passages=tuple(f"{each.section} {each.text}".strip() for each in self.passages),
            not_answered=self.not_answered,
        )

    def holds(self, day: date, *, region: str | None = None, audience: str | None = None) -> bool:
        """Say whether the article may be quoted on `day`, in the district `region`, to the `audience`, where given."""
        in_time = (self.effective is None or self.effective <= day) and (self.expires is None or day <= self.expires)
        in_place = region is None or self.region in {"city", region}
        return in_time and in_place and (audience is None or audience in self.audience)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The base as it was at one revision, in the vectors of one encoder."""

    revision: str
    encoder: str
    articles: dict[str, Published]
    retrieval: Retrieval
    conflicts: tuple[Conflict, ...]


class Index:
    """The snapshot in use with each encoder, and the one being built."""

    def __init__(self) -> None:
        self._builder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="knowledge")
        self._snapshots: dict[str, Snapshot] = {}  # by the encoder's fingerprint
        self._building: tuple[tuple[str, str], Future[Snapshot]] | None = None
        self._checked: dict[str, float] = {}

    async def current(self, session: AsyncSession) -> Snapshot:
        """Return the snapshot to search, made with the encoder that articles are found with (`calibration.reader`).

        A process that has none, or that changed the base itself, waits for it; otherwise the old one serves until the
        new one is built.
        """
        used = calibration.reader()
        present = self._snapshots.get(used.fingerprint)
        wait = changes.own.is_set() or present is None
        recently = time.monotonic() - self._checked.get(used.fingerprint, float("-inf")) < CHECK_SECONDS
        if present is not None and not wait and recently:
            return present
        changes.own.clear()
        self._checked[used.fingerprint] = time.monotonic()
        revision = await changes.revision(session)
        if present is not None and present.revision == revision:
            return present
        future = await self._begin(session, revision, used)
        return await asyncio.wrap_future(future) if wait or present is None else present

    async def _begin(self, session: AsyncSession, revision: str, used: Encoder) -> "Future[Snapshot]":
        wanted = (revision, used.fingerprint)
        if (future := self._underway(wanted)) is None:
            published = select(*Article.__table__.c).where(Article.state == State.PUBLISHED).order_by(Article.id)
            rows = (await session.execute(published)).all()
            # Another request may have begun the same while this one read.
            if (future := self._underway(wanted)) is None:
                future = self._builder.submit(self._build, revision, rows, used)
                self._building = (wanted, future)
        return future

    def _underway(self, wanted: tuple[str, str]) -> "Future[Snapshot] | None":
        if self._building is None or self._building[0] != wanted or self._building[1].done():
            return None
        return self._building[1]

    def _build(self, revision: str, rows: Sequence[Any], used: Encoder) -> Snapshot:
        begun = time.monotonic()
        try:
            articles = [article for article in map(Published.of, rows) if article.passages]
            retrieval = Retrieval(
                [each.text() for each in articles],
                encoder=used,
                order=calibration.order("articles", used.fingerprint),
                vectorise=vectors.kept("knowledge", used),
            )
        except Exception:
            log.exception("knowledge.index_failed")  # nobody may be waiting; the next check begins anew
            raise
        conflicts = contradictions.find([contradictions.saying(each) for each in articles])
        made = Snapshot(revision, used.fingerprint, {each.id: each for each in articles}, retrieval, conflicts)
        others = [each for each in self._snapshots.values() if each.encoder != made.encoder]
        self._snapshots = {each.encoder: each for each in [*others[1 - KEPT :], made]}
        log.info("knowledge.indexed", articles=len(articles), seconds=round(time.monotonic() - begun, 2))
        return made


index = Index()


async def still(session: AsyncSession, found: Sequence[Published]) -> set[str]:
    """Return the ids of those of `found` that are published with this very content now.

    The snapshot may be a second old; what was withdrawn in that second must not be quoted.
    """
    if not found:
        return set()
    rows = await session.execute(
        select(Article.id, Article.digest).where(
            Article.id.in_([each.id for each in found]), Article.state == State.PUBLISHED
        )
    )
    present = {row.id: row.digest for row in rows}
    return {each.id for each in found if present.get(each.id) == each.digest}

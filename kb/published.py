"""The published articles of this process, indexed: made in a background thread, swapped in whole, never half new."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.text import vectors
from core.text.encode import KEPT, Encoder
from kb import base, calibration, changes, stored
from kb.articles.model import Article, State
from kb.base import Articles, Base
from kb.contradictions import Conflict
from kb.documents import Fresh
from kb.indexed import Published
from kb.retrieval import Retrieval
from kb.stored import Stored

__all__ = ["Index", "Published", "Snapshot", "index", "still"]

log = structlog.get_logger()

CHECK_SECONDS = 1.0  # how often, at most, a process asks the database whether the base changed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The base as it was at one revision, in the vectors of one encoder."""

    revision: str
    encoder: str
    base: Base
    retrieval: Retrieval
    articles: Mapping[str, Published]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Pairs of articles that contradict each other."""
        return self.base.conflicts


class Index:
    """The snapshot in use with each encoder, and the one being built."""

    def __init__(self) -> None:
        self._builder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="knowledge")
        self._snapshots: dict[str, Snapshot] = {}  # by the encoder's fingerprint
        self._building: tuple[tuple[str, str, int], Future[Snapshot]] | None = None
        self._checked: dict[str, float] = {}
        self._begun, self._seen = changes.own.count, dict[str, int]()  # of this process's own changes
        self._opening: dict[str, tuple[str, Future[Stored | None]]] = {}

    async def current(self, session: AsyncSession) -> Snapshot:
        """Return the snapshot to search, made with the encoder that articles are found with (`calibration.reader`).

        A process that has none, or that changed the base itself, waits for it; otherwise the old one serves until the
        new one is built.
        """
        used = calibration.reader()
        present = self._snapshots.get(used.fingerprint)
        wait = self.behind() or present is None
        recently = time.monotonic() - self._checked.get(used.fingerprint, float("-inf")) < CHECK_SECONDS
        if present is not None and not wait and recently:
            return present
        self._seen[used.fingerprint] = changes.own.count
        self._checked[used.fingerprint] = time.monotonic()
        part = await self._stored(used, present)
        revision = await changes.revision(session)
        if present is not None and present.revision == revision and present.base.stored is part:
            return present
        future = await self._begin(session, revision, used, part)
        return await asyncio.wrap_future(future) if wait or present is None else present

    def behind(self) -> bool:
        """Say whether this process changed the base since it was last looked at with the encoder in use."""
        return changes.own.count > self._seen.get(calibration.reader().fingerprint, self._begun)

    def grown(self) -> bool:
        """Say whether so much lies in memory, in one of the snapshots, that it should be written to disk."""
        return any(each.base.grown() for each in self._snapshots.values())

    async def _stored(self, used: Encoder, present: Snapshot | None) -> Stored | None:
        """Return the part on disk; while another is opened, which takes seconds, the one that is in use."""
        folder = base.folder(used)
        name, future = stored.current(folder), None
        if used.fingerprint in self._opening:
            known, future = self._opening[used.fingerprint]
            future = future if known == name else None
        if future is None:
            future = self._builder.submit(stored.opened, folder)
            self._opening[used.fingerprint] = (name, future)
        if present is None or future.done() or not name:
            return await asyncio.wrap_future(future)
        return present.base.stored

    async def _begin(
        self, session: AsyncSession, revision: str, used: Encoder, part: Stored | None
    ) -> "Future[Snapshot]":
        wanted = (revision, used.fingerprint, id(part))
        if (future := self._underway(wanted)) is None:
            used_now = self._snapshots.get(used.fingerprint)
            present = used_now.base if used_now else None
            listed = await base.listing(session)
            lacking = await asyncio.to_thread(base.lacking, listed, part, present)
            rows = await base.rows(session, lacking[: base.MOST])
            # Another request may have begun the same while this one read.
            if (future := self._underway(wanted)) is None:
                future = self._builder.submit(self._build, revision, listed, rows, used, part, present)
                self._building = (wanted, future)
        return future

    def _underway(self, wanted: tuple[str, str, int]) -> "Future[Snapshot] | None":
        if self._building is None or self._building[0] != wanted or self._building[1].done():
            return None
        return self._building[1]

    def _build(
        self,
        revision: str,
        listed: str,
        rows: Sequence[Any],
        used: Encoder,
        part: Stored | None,
        present: Base | None,
    ) -> Snapshot:
        begun = time.monotonic()
        try:
            taken = base.take(rows, vectors.kept("knowledge", used))
            made = base.changed(listed, taken, stored=part, present=present)
            retrieval = Retrieval(
                Fresh([each.analysed for each in made.taken.values()], dimension=used.dimension),
                encoder=used,
                order=calibration.order("articles", used.fingerprint),
                stored=part,
                masked=made.masked,
            )
        except Exception:
            log.exception("knowledge.index_failed")  # nobody may be waiting; the next check begins anew
            raise
        snapshot = Snapshot(revision, used.fingerprint, made, retrieval, Articles(made))
        others = [each for each in self._snapshots.values() if each.encoder != snapshot.encoder]
        self._snapshots = {each.encoder: each for each in [*others[1 - KEPT :], snapshot]}
        log.info(
            "knowledge.indexed",
            articles=len(made.marks),
            new=len(rows),
            waiting=made.waiting,
            seconds=round(time.monotonic() - begun, 2),
        )
        return snapshot


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

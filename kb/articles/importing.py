"""Documents into the base. The same content twice changes nothing; a bad file is reported and the rest goes on.

What names all its fields (front matter, the complete header) is the city's own and is published; everything else
becomes a draft for review. An `Importer` is one run; its caller commits after each chunk, so that a run that was cut
off goes on where it stood.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import SYSTEM, Actor
from core.city import city
from core.database import transaction
from core.errors import YitongError
from kb import changes
from kb.articles import imported, placing, reading
from kb.articles.document import digest, mistakes
from kb.articles.formats import Found, Merged, Reader, Refused, Source
from kb.articles.placing import Defaults, Item
from kb.articles.report import Line, Report

log = structlog.get_logger()

FILES = 200  # looked up at once: those known as they are need not be read
CHUNK = 100  # answers of the reader that one transaction takes
READING = 2  # one more whenever reading gives other articles than before: every file is read again

Chunk = list[tuple[Source, Found | Merged | Refused | None]]  # None: the file ends here

_TAKEN = {"added", "changed", "unchanged"}


class Importer:
    """One run. `lines` grows; `done` counts the files that are through.

    `publishing`: what names all its fields is published, not only proposed.
    """

    def __init__(
        self, reader: Reader, *, defaults: Defaults | None = None, actor: Actor = SYSTEM, publishing: bool = True
    ) -> None:
        self.reader, self.actor, self.publishing = reader, actor, publishing
        self.lines: list[Line] = []
        self.done = 0
        self._defaults = (defaults or Defaults()).fields()
        self._options = digest({"reading": READING, "publishing": publishing} | self._defaults)[:16]
        self._marks: dict[str, str] = {}
        self._open: dict[str, list[Line]] = {}  # by file: lines until its end
        self._where: dict[str, str] = {}  # by article of this run: file and place

    @property
    def report(self) -> Report:
        """What was done so far."""
        return Report(tuple(self.lines))

    async def unread(self, session: AsyncSession, files: Sequence[Source]) -> list[Source]:
        """Return the files that must be read; those known as they are go into the report at once."""
        known = await imported.known_files(session, [each.key for each in files])
        marks = await asyncio.to_thread(lambda: {each.key: self._mark(each) for each in files})
        fresh = []
        for each in files:
            before = known.get(each.key)
            if before is not None and before.mark == marks[each.key]:
                self.lines += [Line(each.name, **line) for line in before.lines]
                self.done += 1
            else:
                self._marks[each.key] = marks[each.key]
                fresh.append(each)
        return fresh

    def _mark(self, source: Source) -> str:
        try:
            return "" if source.refused else f"{source.mark()}:{self._options}"
        except OSError:
            return ""

    async def run(self, files: Sequence[Source], noted: Callable[[AsyncSession], Awaitable[None]]) -> None:
        """Read and take the files, in transactions of its own; `noted` is called in each, when its lines are there."""
        for start in range(0, len(files), FILES):
            async with transaction() as session:
                unread = await self.unread(session, files[start : start + FILES])
                await noted(session)
            chunks = self.chunks(unread)
            while chunk := await asyncio.to_thread(next, chunks, None):
                async with transaction() as session:
                    await self.take(session, chunk)
                    await noted(session)

    def chunks(self, files: Iterable[Source]) -> Iterator[Chunk]:
        """Yield what the files hold, a piece for each transaction. It blocks: take the next from a thread."""
        chunk: Chunk = []
        for source in files:
            for answer in self._answers(source):
                chunk.append((source, answer))
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk

    def _answers(self, source: Source) -> Iterator[Found | Merged | Refused | None]:
        if source.refused:
            yield Refused(source.refused)
        else:
            yield from self.reader.read(source.path, source.name, source.entry)
        yield None

    async def take(self, session: AsyncSession, chunk: Chunk) -> None:
        """Put a chunk into the base, in the caller's transaction."""
        await _lock(session)
        items = [Item.of(source, found, self._defaults) for source, found in chunk if isinstance(found, Found)]
        known = await imported.known_articles(session, [each.id for each in items])
        wordings = await imported.same_wording(session, [each.wording for each in items])
        kept: dict[str, Item] = {}
        begun = len(self.lines)
        waiting = iter(items)
        for source, answer in chunk:
            if answer is None:
                await self._end(session, source)
                continue
            if isinstance(answer, Found):
                item = next(waiting)
                lines = await self._one(session, item, known, wordings)
                if lines[-1].outcome in _TAKEN:
                    kept[item.id] = item
                    wordings.setdefault(item.wording, item.id)
            else:
                lines = [self._beside(source, answer)]
            self._open.setdefault(source.key, []).extend(lines)
            self.lines += lines
        rows = [{"id": each.id, "digest": each.digest, "wording": each.wording} for each in kept.values()]
        await imported.keep(session, imported.ImportedArticle, rows)
        await _announce(session, self.lines[begun:], self.actor)

    async def _one(
        self, session: AsyncSession, item: Item, known: dict[str, str], wordings: dict[str, str]
    ) -> list[Line]:
        """Put one article into the base; return its line, or a line for each thing that is wrong with it."""
        name, place = item.source.name, item.place
        if item.id in self._where:
            what = "编号" if item.whole else "问题"
            return [
                Line(
                    name, place, "refused", item.id, f"{what}与前面的重复（{self._where[item.id]}），没有导入，请核对。"
                )
            ]
        same = wordings.get(item.wording, item.id)
        if same != item.id and item.id not in known and not item.whole:
            return [Line(name, place, "merged", same)]
        self._where[item.id] = f"{name} {place}".strip()
        sentence = "".join(item.notes)
        if known.get(item.id) == item.digest:
            return [Line(name, place, "unchanged", item.id, sentence)]
        try:
            document = placing.document(item) if item.whole else None
            if document is not None and self.publishing and document.state == "published":
                return [Line(name, place, await placing.publish(session, document, self.actor), item.id, sentence)]
            async with session.begin_nested():
                outcome = await placing.propose(session, item, known=item.id in known, actor=self.actor)
            return [Line(name, place, outcome, item.id, sentence, draft=outcome != "unchanged")]
        except ValidationError as error:
            return [Line(name, f"{place} {key}".strip(), "refused", "", said) for key, said in mistakes(error)]
        except YitongError as error:  # not this actor's to write
            return [Line(name, place, "refused", item.id, error.sentence)]

    def _beside(self, source: Source, answer: Merged | Refused) -> Line:
        if isinstance(answer, Refused):
            return Line(source.name, answer.place, "refused", "", answer.sentence)
        lines = self._open.get(source.key, [])
        into = next((each.article for each in lines if each.place == answer.into), "")
        return Line(source.name, answer.place, "merged", into, f"答案与{answer.into}相同，问法并入那一条。")

    async def _end(self, session: AsyncSession, source: Source) -> None:
        """Note that a file is through; what was refused or is somewhere else already is looked at again next time."""
        lines = self._open.pop(source.key, [])
        self.done += 1
        again = any(each.outcome == "refused" or (each.outcome == "merged" and not each.sentence) for each in lines)
        if mark := self._marks.pop(source.key, ""):
            row = {"key": source.key, "mark": "" if again else mark, "lines": [] if again else _as_known(lines)}
            await imported.keep(session, imported.ImportedFile, [row])


def _as_known(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return the lines as they are to be reported when the file comes again."""
    return [
        {"place": each.place, "outcome": "merged" if each.outcome == "merged" else "unchanged", "article": each.article,
         "sentence": each.sentence}
        for each in lines
    ]  # fmt: skip


async def import_folder(session: AsyncSession, path: Path, *, actor: Actor = SYSTEM) -> Report:
    """Publish every Markdown file with front matter below the folder `path`, or the one file.

    It reads in this process, for files that the operator trusts; anything else is refused. Raises BadInput where the
    folder does not exist.
    """
    await _lock(session)
    lines: list[Line] = []
    where: set[str] = set()
    for each in await asyncio.to_thread(lambda: list(reading.folder(path))):
        if isinstance(each, reading.Problem):
            lines.append(Line(each.file, each.place, "refused", "", each.sentence))
        elif each.document.id in where:
            lines.append(Line(each.file, f"{each.place} id".strip(), "refused", "", "编号与前面的文章重复，没有导入。"))
        else:
            where.add(each.document.id)
            as_draft = each.document.state == "draft"
            outcome = await (placing.as_draft if as_draft else placing.publish)(session, each.document, actor)
            lines.append(Line(each.file, each.place, outcome, each.document.id, draft=as_draft))
    await _announce(session, lines, actor)
    return Report(tuple(lines))


async def load_city(session: AsyncSession) -> Report:
    """Import the city's own articles (`cities/README.md`); doing it again changes nothing that did not change."""
    report = await import_folder(session, city().folder / "articles")
    for problem in report.problems:
        log.warning("article.left_out", file=problem.file, place=problem.place, reason=problem.sentence)
    return report


async def _lock(session: AsyncSession) -> None:
    """Two processes that import at once must not both add the same article."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('kb.import', 1))"))


async def _announce(session: AsyncSession, lines: Iterable[Line], actor: Actor) -> None:
    """Write into the ledger what was published, and let every process take it up."""
    touched: dict[str, list[str]] = {}
    for each in lines:
        if each.outcome in {"added", "changed"} and not each.draft:
            touched.setdefault(each.outcome, []).append(each.article)
    if touched:
        await ledger.append(session, subject="knowledge", kind="knowledge.imported", actor=actor, data=touched)
        await changes.record(session)

"""Documents into the base. The same content twice changes nothing; a bad file is reported and the rest goes on."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.auth import SYSTEM, Actor
from core.city import city
from kb import changes
from kb.articles import reading
from kb.articles.document import Document, digest
from kb.articles.model import Article, ArticleVersion, State
from kb.articles.reading import Problem, Read

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did: ids added, changed and unchanged, and a problem for each thing left out."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return counts and problems as plain JSON values."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": len(self.unchanged),
            "problems": [problem.as_json() for problem in self.problems],
        }


async def import_folder(session: AsyncSession, path: Path, *, actor: Actor = SYSTEM) -> Report:
    """Import every Markdown file below the folder `path`, or the one file. Raises BadInput where it does not exist."""
    return await _import(session, await asyncio.to_thread(lambda: list(reading.folder(path))), actor)


async def import_csv(session: AsyncSession, path: Path, *, actor: Actor = SYSTEM) -> Report:
    """Import every row of the CSV file `path`. Raises BadInput where the file as a whole cannot be read."""
    return await _import(session, await asyncio.to_thread(lambda: list(reading.table(path))), actor)


async def load_city(session: AsyncSession) -> Report:
    """Import the city's own articles (`cities/README.md`); doing it again changes nothing that did not change."""
    report = await import_folder(session, city().folder / "articles")
    for problem in report.problems:
        log.warning("article.left_out", file=problem.file, place=problem.place, reason=problem.sentence)
    return report


async def _import(session: AsyncSession, found: Iterable[Read | Problem], actor: Actor) -> Report:
    # Two processes that start at once must not both add the same article.
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('kb.import', 1))"))
    documents, problems = _apart(found)
    present = {
        article.id: article for article in await session.scalars(select(Article).where(Article.id.in_(documents)))
    }
    outcome: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    for id_, document in documents.items():
        outcome[_put(session, document, present.get(id_), actor)].append(id_)
    await session.flush()
    touched = {key: outcome[key] for key in ("added", "changed") if outcome[key]}
    if touched:
        await ledger.append(session, subject="knowledge", kind="knowledge.imported", actor=actor, data=touched)
        await changes.record(session)
    return Report(**{key: tuple(ids) for key, ids in outcome.items()}, problems=tuple(problems))


def _apart(found: Iterable[Read | Problem]) -> tuple[dict[str, Document], list[Problem]]:
    """Return the documents by id and what is wrong; the second of two with one id is a problem."""
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for each in found:
        if isinstance(each, Problem):
            problems.append(each)
        elif each.document.id in documents:
            problems.append(Problem(each.file, f"{each.place} id".strip(), "编号与前面的文章重复，没有导入。"))
        else:
            documents[each.document.id] = each.document
    return documents, problems


def _put(session: AsyncSession, document: Document, article: Article | None, actor: Actor) -> str:
    """Add the document or change its article, with a version; return which of `Report`'s lists it belongs to."""
    content = document.content()
    mark = digest(content)
    if article is not None and article.digest == mark:
        return "unchanged"
    known = article is not None
    fields = document.model_dump(exclude={"state"}) | {
        "questions": list(document.questions),
        "audience": list(document.audience),
        "digest": mark,
        "updated_at": clock.now(),
    }
    if article is None:
        article = Article(**fields, state=document.state, version=1)
        session.add(article)
    else:
        for key, value in fields.items():
            setattr(article, key, value)
        article.version += 1
        # A withdrawn article stays so: taking it out was a person's decision, and a file must not undo it.
        if article.state != State.WITHDRAWN:
            article.state = document.state
    session.add(ArticleVersion.of(article, content, actor))
    return "changed" if known else "added"

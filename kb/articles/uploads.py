"""Files that staff send from their browser: kept, made into drafts by a job, with a report of what became of them.

Until it is read, a file that was sent is a file of no article (`article_files`); then it is empty, and beside it stand
the lines of the report. A job that was cut off goes on with what is not read yet.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import Actor, Permission
from core.database import transaction
from core.errors import NotFound
from kb.articles import owners
from kb.articles.formats.kinds import LARGEST_FILE
from kb.articles.formats.sources import legible
from kb.articles.model import ArticleFile
from kb.articles.placing import Defaults
from kb.articles.report import Line, Report

LARGEST_ZIP = 100_000_000  # bytes; a larger one is for the command line
MOST = 500  # files sent at once
KEPT = timedelta(days=30)  # for whoever asks what became of a file
RECENT = 10
ALMOST = 0.99  # of a file whose lines are all told, until it is through

TASK = "knowledge.upload"

_OF = "upload:"  # before the id of the upload, where other files name their article
_WAITING, _READ, _LINES = "upload/waiting", "upload/read", "upload/lines"
_PART = 6  # digits at the end of a row's id: 0 is the file itself, the others its report


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of an upload: its place in it, its name, and who sent it, as the ledger writes actors."""

    upload: str
    number: int
    name: str
    actor: str

    @property
    def row(self) -> str:
        """Id of the row that holds it."""
        return f"{self.upload}-{self.number:04d}-{0:0{_PART}d}"


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent at once. `share`: how much of it is read, 0 to 1; `report` grows until then."""

    id: str
    actor: str
    at: datetime
    files: tuple[str, ...]
    share: float
    report: Report

    @property
    def done(self) -> bool:
        """Whether all files are read."""
        return self.share == 1


def largest(name: str) -> int:
    """Return how many bytes a file of this name may have."""
    return LARGEST_ZIP if PurePath(name).suffix.lower() == ".zip" else LARGEST_FILE


async def begin(session: AsyncSession, *, actor: Actor, defaults: Defaults) -> str:
    """Order the reading of what is kept in the same transaction; return the id of the upload.

    Drafts are the sender's, for the sender's department where `defaults` name none, and nothing is published. Raises
    Forbidden where the actor may not write for the department.
    """
    said = replace(defaults, department=defaults.department or actor.department or "")
    owners.must_write(actor, said.department)
    upload = secrets.token_hex(8)
    await jobs.defer(session, TASK, lock=f"{TASK}:{actor}", upload=upload, defaults=said.fields())
    return upload


async def keep(session: AsyncSession, upload: str, number: int, name: str, content: bytes, *, actor: Actor) -> None:
    """Keep the file with this place in the upload, 0, 1, 2 …; what is too large is a line of the report.

    `name` is what the browser says the file is called; only its last part counts.
    """
    sent = Sent(upload, number, _file_name(name), str(actor))
    if len(content) <= (most := largest(name)):
        await _put(session, sent, 0, _WAITING, content)
        return
    await _put(session, sent, 0, _READ, b"")
    sentence = f"文件超过{most // 1_000_000}兆字节，没有读取，请拆分后再导入。"
    await report(session, sent, [Line(sent.name, "", "refused", "", sentence)])


async def get(session: AsyncSession, upload: str, *, actor: Actor) -> Upload:
    """Return an upload as far as it is read. Raises NotFound; editors see those of all, others their own."""
    found = await _uploads(session, [upload], actor, lines=True)
    if not found:
        raise NotFound("没有这次导入，或者记录已经过期。")
    return found[0]


async def recent(session: AsyncSession, *, actor: Actor) -> list[Upload]:
    """Return the actor's own last uploads, without their reports."""
    begun = (
        select(ArticleFile.article)
        .where(ArticleFile.article.startswith(_OF), ArticleFile.actor == str(actor))
        .group_by(ArticleFile.article)
        .order_by(func.min(ArticleFile.at).desc())
        .limit(RECENT)
    )
    ids = [each.removeprefix(_OF) for each in await session.scalars(begun)]
    found = {each.id: each for each in await _uploads(session, ids, actor, lines=False)}
    return [found[id] for id in ids]


@jobs.sweep("knowledge.uploads", seconds=3600)
async def forget() -> None:
    """Delete what was sent and reported long ago."""
    async with transaction() as session:
        old = ArticleFile.article.startswith(_OF) & (ArticleFile.at < clock.now() - KEPT)
        await session.execute(delete(ArticleFile).where(old))


async def waiting(session: AsyncSession, upload: str) -> list[Sent]:
    """Return the files of an upload that are not read yet."""
    this = (ArticleFile.article == _OF + upload) & (ArticleFile.media_type == _WAITING)
    rows = await session.execute(
        select(ArticleFile.id, ArticleFile.name, ArticleFile.actor).where(this).order_by(ArticleFile.id)
    )
    return [Sent(upload, _number(id), name, actor) for id, name, actor in rows]


async def content(session: AsyncSession, sent: Sent) -> bytes:
    """Return the bytes of a file that waits."""
    found: bytes = (await session.scalars(select(ArticleFile.content).where(ArticleFile.id == sent.row))).one()
    return found


async def report(session: AsyncSession, sent: Sent, lines: Sequence[Line], *, share: float = 1) -> None:
    """Keep lines of the report on a file, of which `share` is read."""
    part = await session.scalar(select(func.count()).where(ArticleFile.id.startswith(sent.row[:-_PART])))
    told = {"share": share, "lines": [each.as_json() for each in lines]}
    await _put(session, sent, part or 0, _LINES, json.dumps(told, ensure_ascii=False).encode())


async def through(session: AsyncSession, sent: Sent) -> None:
    """Note that a file is read; its bytes are not kept."""
    this = ArticleFile.id == sent.row
    await session.execute(update(ArticleFile).where(this).values(media_type=_READ, content=b""))


async def _put(session: AsyncSession, sent: Sent, part: int, what: str, content: bytes) -> None:
    row = {"article": _OF + sent.upload, "name": sent.name, "media_type": what, "size": len(content)}
    row |= {"id": f"{sent.row[:-_PART]}{part:0{_PART}d}", "content": content, "actor": sent.actor, "at": clock.now()}
    await session.execute(insert(ArticleFile).values(**row))


async def _uploads(session: AsyncSession, ids: Sequence[str], actor: Actor, *, lines: bool) -> list[Upload]:
    seen: ColumnElement[bool] = ArticleFile.article.in_([_OF + id for id in ids])
    if not actor.may(Permission.KNOWLEDGE_EDIT):
        seen = seen & (ArticleFile.actor == str(actor))
    wanted = case((ArticleFile.media_type == _LINES, ArticleFile.content), else_=null()) if lines else null()
    columns = (ArticleFile.article, ArticleFile.id, ArticleFile.name, ArticleFile.media_type, ArticleFile.actor)
    rows = await session.execute(
        select(*columns, ArticleFile.at, wanted.label("content")).where(seen).order_by(ArticleFile.id)
    )
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.article.removeprefix(_OF), []).append(row)
    return [_upload(id, found) for id, found in grouped.items()]


def _upload(id: str, rows: Sequence[Any]) -> Upload:
    """Return the upload that the rows tell of. What a second try found again is told once."""
    sent = [row for row in rows if row.media_type != _LINES]
    shares = {_number(row.id): float(row.media_type == _READ) for row in sent}
    lines: dict[tuple[int, str, str, str, bool], Line] = {}
    for row in rows:
        if row.content is not None:
            told, number = json.loads(row.content), _number(row.id)
            shares[number] = max(shares[number], min(told["share"], ALMOST))
            for each in told["lines"]:
                line = Line(**each)
                what = (number, line.file, line.place, line.article or line.sentence, line.outcome == "refused")
                lines.setdefault(what, line)
    names = tuple(row.name for row in sent)
    share = sum(shares.values()) / len(shares)
    return Upload(id, sent[0].actor, min(row.at for row in sent), names, share, Report(tuple(lines.values())))


def _number(row: str) -> int:
    return int(row.split("-")[1])


def _file_name(name: str) -> str:
    """Return the last part of a path from any system, short enough for this one."""
    last = PurePath(legible(name.replace("\\", "/").encode("utf-8", "surrogatepass"))).name.lstrip(".~$")
    stem, suffix = last[: -len(PurePath(last).suffix) or None], PurePath(last).suffix[:10]
    return f"{stem[:60] or '文件'}{suffix}"

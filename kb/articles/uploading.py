"""Files that staff sent from their browser, read: drafts are made, and every piece of the work leaves its report."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from core import auth, jobs
from core.database import transaction
from kb.articles import uploads
from kb.articles.formats import Reader, sources
from kb.articles.importing import Importer
from kb.articles.placing import Defaults
from kb.articles.report import Line

log = structlog.get_logger()

_BROKEN = "读取时出错，没有导入；请重新保存后再导入。"


@jobs.task(uploads.TASK)
async def read(upload: str, defaults: dict[str, str]) -> None:
    """Make drafts of what waits; a file that cannot be taken is a line of the report, and the others go on.

    It goes on where it was cut off. Nothing is made for an account that was closed meanwhile.
    """
    due = date.fromisoformat(defaults["review_due"]) if "review_due" in defaults else None
    said = Defaults(**(defaults | {"review_due": due}))  # type: ignore[arg-type]
    async with transaction() as session:
        waiting = await uploads.waiting(session, upload)
        actor = await auth.actor_of(session, waiting[0].actor) if waiting else None
    if actor is None:
        return
    with Reader() as reader:
        importer = Importer(reader, defaults=said, actor=actor, publishing=False)
        for sent in waiting:
            try:
                await _read(importer, sent)
            except (OperationalError, InterfaceError):  # the database is away: the job is tried again
                raise
            except Exception as error:
                log.exception("upload.failed", error=type(error).__name__)
                await _through(sent, [Line(sent.name, "", "refused", "", _BROKEN)])


async def _read(importer: Importer, sent: uploads.Sent) -> None:
    told = len(importer.lines)
    with tempfile.TemporaryDirectory() as folder:
        # The folder's name is part of what names the articles: two departments may both send a `指南.docx`.
        path = Path(folder, f"upload {importer.actor.department or ''}".strip(), sent.name)
        async with transaction() as session:
            await asyncio.to_thread(_write, path, await uploads.content(session, sent))
        files = await asyncio.to_thread(lambda: list(sources(path, importer.reader)))
        begun = importer.done

        async def note(session: AsyncSession) -> None:
            nonlocal told
            share = (importer.done - begun) / max(len(files), 1)
            await uploads.report(session, sent, importer.lines[told:], share=share)
            told = len(importer.lines)

        await importer.run(files, note)
    await _through(sent, [])


async def _through(sent: uploads.Sent, lines: Sequence[Line]) -> None:
    async with transaction() as session:
        await uploads.report(session, sent, lines)
        await uploads.through(session, sent)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

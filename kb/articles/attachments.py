"""Files of an article: forms to fill in, the full notice. Their bytes lie in the database and never change.

A file belongs to what lists it: a draft until it is published, then the article and its versions. Citizens read only
those of an article that is published and in force.
"""

import io
import secrets
import unicodedata
import zipfile
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from core import clock
from core.auth import Actor
from core.errors import BadInput, NotFound, TooLarge
from kb.articles import drafts, lifecycle
from kb.articles.model import ArticleFile, ArticleVersion, Draft

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
MOST = 10  # files of one article
LONGEST_NAME = 100  # characters

_OFFICE = "application/vnd.openxmlformats-officedocument"
# By the ending of the name that is kept.
MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}
_PARTS = {"word/document.xml": ".docx", "xl/workbook.xml": ".xlsx"}


def ending(content: bytes) -> str:
    """Return the ending that a file has by its bytes, `.pdf` … Raises BadInput for what citizens cannot be offered."""
    if content.startswith(b"%PDF-"):
        return ".pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    raise BadInput("附件只能是 PDF、DOCX、XLSX、JPG 或 PNG 文件。老格式的文档请另存为 DOCX 或 PDF，不要加密。")


async def attach(session: AsyncSession, id: str, name: str, content: bytes, *, edition: int, actor: Actor) -> Draft:
    """Add a file to the draft of the article `id`. Raises TooLarge beyond 10 MB, BadInput, and what `drafts.save` does.

    `name` is what citizens read; its ending is set right.
    """
    if len(content) > LARGEST:
        raise TooLarge(f"附件不能超过 {LARGEST // MEGABYTE} MB。")
    suffix = ending(content)
    draft = await drafts.locked(session, id, edition=edition, actor=actor)
    if len(draft.attachments) >= MOST:
        raise BadInput(f"一篇文章最多 {MOST} 个附件。")
    file = ArticleFile(
        id=secrets.token_hex(16),
        article=id,
        name=_called(name, suffix),
        media_type=MEDIA_TYPES[suffix],
        size=len(content),
        content=content,
        actor=str(actor),
        at=clock.now(),
    )
    session.add(file)
    listed = {"id": file.id, "name": file.name, "media_type": file.media_type, "size": file.size}
    draft.attachments = [*draft.attachments, listed]
    drafts.written(draft, actor)
    await drafts.record(session, draft, "edited", actor, attached=file.name)
    return draft


async def detach(session: AsyncSession, id: str, file: str, *, edition: int, actor: Actor) -> Draft:
    """Take a file from the draft. Raises NotFound where it lists none such, and what `drafts.save` does."""
    draft = await drafts.locked(session, id, edition=edition, actor=actor)
    gone = next((each for each in draft.attachments if each["id"] == file), None)
    if gone is None:
        raise NotFound("没有这个附件。")
    draft.attachments = [each for each in draft.attachments if each["id"] != file]
    drafts.written(draft, actor)
    await drafts.record(session, draft, "edited", actor, detached=gone["name"])
    return draft


async def offered(session: AsyncSession, id: str, file: str) -> ArticleFile:
    """Return a file that the article offers to citizens today. Raises NotFound, the same whatever the reason."""
    article = await lifecycle.in_force(session, id)
    return await _read(session, id, file, any(each["id"] == file for each in article.attachments))


async def of_staff(session: AsyncSession, id: str, file: str, *, actor: Actor) -> ArticleFile:
    """Return a file that any version lists, or a draft that the actor sees. Raises NotFound."""
    versions = await session.scalars(select(ArticleVersion.attachments).where(ArticleVersion.article == id))
    lists = list(versions)
    draft = await drafts.get(session, id, actor=actor)
    if draft is not None:
        lists.append(draft.attachments)
    return await _read(session, id, file, any(each["id"] == file for listed in lists for each in listed))


async def _read(session: AsyncSession, id: str, file: str, listed: bool) -> ArticleFile:
    query = select(ArticleFile).where(ArticleFile.id == file, ArticleFile.article == id)
    found = await session.scalar(query.options(undefer(ArticleFile.content))) if listed else None
    if found is None:
        raise NotFound("没有这个附件。")
    return found


def _office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BadInput("这个文件已损坏，请重新保存后再上传。") from None
    if any(PurePosixPath(name).name.lower() == "vbaproject.bin" for name in names):
        raise BadInput("含有宏的文档不能作为附件，请另存为不含宏的 DOCX、XLSX 或 PDF。")
    for part, suffix in _PARTS.items():
        if part in names:
            return suffix
    raise BadInput("附件只能是 PDF、DOCX、XLSX、JPG 或 PNG 文件，不接受压缩包。")


def _called(name: str, suffix: str) -> str:
    """Return the name without folders and control characters, with the ending that its content has."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in last if unicodedata.category(each)[0] != "C").strip(" .")
    stem, dot, given = shown.rpartition(".")
    if dot and f".{given.lower()}" in {*MEDIA_TYPES, ".jpeg"}:
        shown = stem
    return (shown.strip(" .")[:LONGEST_NAME] or "附件") + suffix

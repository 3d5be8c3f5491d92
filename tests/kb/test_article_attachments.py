"""Files of articles: what may be one, and who may read it when."""

import io
import zipfile

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.errors import BadInput, Conflict, Forbidden, NotFound, TooLarge
from kb import articles
from kb.articles import Draft, attachments, drafts
from kb.articles.model import ArticleFile
from tests.kb.test_lifecycle import NOON
from tests.kb.writing import AGENT, EDITOR, MARKET, TAX, ZHOU, published, submitted, written

PDF = b"%PDF-1.7 form"


def office(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return packed.getvalue()


async def attached(
    session: AsyncSession, name: str = "申请表.pdf", content: bytes = PDF, actor: Actor = MARKET
) -> Draft:
    draft = await written(session, actor=actor)
    return await attachments.attach(session, "lamp", name, content, edition=draft.edition, actor=actor)


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("申请表.pdf", PDF, "申请表.pdf"),
        ("C:\\表\\申请表.PDF", PDF, "申请表.pdf"),
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("申请表.exe", PDF, "申请表.exe.pdf"),
        ("报告.pdf", office("word/document.xml"), "报告.docx"),
        ("价目.xlsx", office("xl/workbook.xml"), "价目.xlsx"),
        ("图\u202egnp.jpeg", b"\xff\xd8\xff\xe0", "图gnp.jpg"),
        ("", b"\x89PNG\r\n\x1a\n", "附件.png"),
        ("长" * 300 + ".pdf", PDF, "长" * 100 + ".pdf"),
    ],
)
async def test_a_files_name_ends_as_its_content_is(session: AsyncSession, name: str, content: bytes, kept: str) -> None:
    assert (await attached(session, name, content)).attachments[0]["name"] == kept


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00",
        b"<html>",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # an old or an encrypted document
        office("a.txt"),
        office("word/document.xml", "word/vbaProject.bin"),
        b"PK\x03\x04 cut off",
    ],
)
async def test_what_citizens_cannot_be_offered_is_refused(session: AsyncSession, content: bytes) -> None:
    with pytest.raises(BadInput):
        await attached(session, "申请表.pdf", content)


async def test_ten_megabytes_are_the_most_and_ten_files(session: AsyncSession) -> None:
    draft = await attached(session, content=PDF + bytes(attachments.LARGEST - len(PDF)))
    with pytest.raises(TooLarge):
        await attached(session, content=PDF + bytes(attachments.LARGEST))
    for _ in range(9):
        draft = await attachments.attach(session, "lamp", "表.pdf", PDF, edition=draft.edition, actor=MARKET)
    with pytest.raises(BadInput):
        await attachments.attach(session, "lamp", "表.pdf", PDF, edition=draft.edition, actor=MARKET)


async def test_citizens_read_a_file_while_the_article_is_published_and_in_force(session: AsyncSession) -> None:
    with clock.set_to(NOON):
        file = (await attached(session)).attachments[0]["id"]
        with pytest.raises(NotFound):
            await attachments.offered(session, "lamp", file)
        await published(session, expires="2026-11-30")
        found = await attachments.offered(session, "lamp", file)
        assert (found.content, found.media_type) == (PDF, "application/pdf")
        with pytest.raises(NotFound):
            await attachments.offered(session, "lamp", "0" * 32)
    with clock.set_to(NOON.replace(month=12)), pytest.raises(NotFound):
        await attachments.offered(session, "lamp", file)
    with clock.set_to(NOON):
        await articles.withdraw(session, "lamp", "条例废止", actor=ZHOU)
        with pytest.raises(NotFound):
            await attachments.offered(session, "lamp", file)


async def test_a_file_taken_out_is_offered_until_that_is_published_and_comes_back_with_its_version(
    session: AsyncSession,
) -> None:
    file = (await attached(session)).attachments[0]["id"]
    await published(session)
    draft = await written(session, title="台灯保修")
    await attachments.detach(session, "lamp", file, edition=draft.edition, actor=MARKET)
    assert (await attachments.offered(session, "lamp", file)).name == "申请表.pdf"
    await published(session)
    with pytest.raises(NotFound):
        await attachments.offered(session, "lamp", file)
    await articles.republish(session, "lamp", 1, "恢复", actor=ZHOU)
    assert (await attachments.offered(session, "lamp", file)).content == PDF


async def test_a_drafts_file_is_read_by_who_sees_the_draft(session: AsyncSession) -> None:
    file = (await attached(session)).attachments[0]["id"]
    for actor in (MARKET, EDITOR, ZHOU):
        assert (await attachments.of_staff(session, "lamp", file, actor=actor)).content == PDF
    for actor in (TAX, AGENT):
        with pytest.raises(NotFound):
            await attachments.of_staff(session, "lamp", file, actor=actor)
    await published(session)
    assert (await attachments.of_staff(session, "lamp", file, actor=AGENT)).content == PDF


async def test_files_of_a_discarded_draft_are_gone_and_those_of_versions_stay(session: AsyncSession) -> None:
    await attached(session)
    await published(session)
    draft = await attached(session, "另一张表.pdf")
    await drafts.discard(session, "lamp", edition=draft.edition, actor=MARKET)
    assert await session.scalar(select(func.count(ArticleFile.id))) == 1


async def test_a_file_is_a_change_like_any_other(session: AsyncSession) -> None:
    draft = await submitted(session)
    with pytest.raises(Conflict):
        await attachments.attach(session, "lamp", "表.pdf", PDF, edition=draft.edition - 1, actor=MARKET)
    with pytest.raises(Forbidden):
        await attachments.attach(session, "lamp", "表.pdf", PDF, edition=draft.edition, actor=TAX)
    changed = await attachments.attach(session, "lamp", "表.pdf", PDF, edition=draft.edition, actor=EDITOR)
    assert changed.state == "draft" and str(EDITOR) in changed.authors
    with pytest.raises(NotFound):
        await attachments.detach(session, "lamp", "0" * 32, edition=changed.edition, actor=EDITOR)

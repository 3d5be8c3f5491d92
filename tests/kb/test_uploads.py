"""Files from a browser become drafts of whoever sent them, by a job, with a line of report for each thing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core import auth, clock, jobs
from core.auth import Actor, Role
from core.database import transaction
from core.errors import Forbidden, NotFound
from kb import articles
from kb.articles import Defaults, Draft, importing, uploading, uploads
from kb.articles.model import ArticleFile
from tests.kb.conftest import Write
from tests.kb.formats import writing

pytestmark = pytest.mark.usefixtures("committing")
GUIDE = writing.docx([(0, "台灯保修指南"), "到窗口办理。"])


async def account(role: Role = Role.EDITOR, department: str | None = None) -> Actor:
    async with transaction() as session:
        name = f"{role}-{department or ''}"
        made = await auth.create_staff(
            session, login=name, name=name, password_hash="x", role=role, department=department
        )
        return made.actor()


async def send(actor: Actor, *files: tuple[str, bytes], **said: str) -> str:
    async with transaction() as session:
        upload = await uploads.begin(session, actor=actor, defaults=Defaults(**said))  # type: ignore[arg-type]
        for number, (name, content) in enumerate(files):
            await uploads.keep(session, upload, number, name, content, actor=actor)
    return upload


async def looked_at(upload: str, actor: Actor) -> uploads.Upload:
    async with transaction() as session:
        return await uploads.get(session, upload, actor=actor)


async def draft(id: str) -> Draft:
    async with transaction() as session:
        return (await session.scalars(select(Draft).where(Draft.id == id))).one()


async def test_a_bad_file_is_a_line_and_the_others_become_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST_FILE", len(GUIDE))
    actor = await account()
    long = ("长.docx", GUIDE + b"x")
    upload = await send(
        actor, long, ("a.exe", b"MZ\x00"), ("scan.pdf", writing.picture_pdf()[:900]), ("指南.docx", GUIDE)
    )
    before = await looked_at(upload, actor)
    assert (before.done, before.share, len(before.report.lines)) == (False, 0.25, 1)  # the large one is told at once
    await jobs.run_due()
    after = await looked_at(upload, actor)
    assert after.done
    assert [each.outcome for each in after.report.lines] == ["refused", "refused", "refused", "added"]
    assert "超过" in after.report.lines[0].sentence
    made = await draft(after.report.lines[-1].article)
    assert (made.content["title"], made.authors, made.source) == ("台灯保修指南", [str(actor)], "指南.docx")


async def test_nothing_is_published_and_the_same_again_changes_nothing(write: Write) -> None:
    actor = await account()
    own = (write() / "lamp-warranty.md").read_bytes()
    first = await send(actor, ("C:\\Users\\x\\lamp.md", own))
    await jobs.run_due()
    lines = (await looked_at(first, actor)).report.lines
    assert [(each.file, each.article, each.draft) for each in lines] == [("lamp.md", "lamp-warranty", True)]
    async with transaction() as session:
        assert await articles.listing(session) == []
    again = await send(actor, ("lamp.md", own))
    await jobs.run_due()
    assert (await looked_at(again, actor)).report.unchanged == ("lamp-warranty",)
    async with transaction() as session:
        assert [each.id for each in await uploads.recent(session, actor=actor)] == [again, first]


async def test_a_departments_drafts_are_its_own(write: Write) -> None:
    officer = await account(Role.DEPARTMENT, "urban_management")
    other = (write() / "lamp-warranty.md").read_bytes()  # market_regulation's
    upload = await send(officer, ("lamp.md", other), ("指南.docx", GUIDE))
    await jobs.run_due()
    refused, added = (await looked_at(upload, officer)).report.lines
    assert (refused.outcome, refused.sentence[:9]) == ("refused", "这篇文章不归您的部")
    assert (await draft(added.article)).content["department"] == "urban_management"
    with pytest.raises(Forbidden):
        await send(officer, ("a.docx", GUIDE), department="market_regulation")
    with pytest.raises(Forbidden):
        await send(await account(Role.AGENT), ("a.docx", GUIDE))


async def test_only_the_sender_and_editors_see_what_was_sent() -> None:
    officer, other = await account(Role.DEPARTMENT, "urban_management"), await account(Role.DEPARTMENT, "power_supply")
    upload = await send(officer, ("指南.docx", GUIDE))
    assert (await looked_at(upload, await account())).files == ("指南.docx",)
    with pytest.raises(NotFound):
        await looked_at(upload, other)


async def test_what_was_cut_off_goes_on_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    actor = await account()
    rows = [
        ["问题", "答案"],
        *([f"第{number}种灯怎么办？", f"第{number}种灯到{number}号窗口办理。"] for number in range(5)),
    ]
    upload = await send(actor, ("问答.xlsx", writing.xlsx({"表": rows})), ("指南.docx", GUIDE))
    monkeypatch.setattr(importing, "CHUNK", 2)
    taken = importing.Importer.take

    async def once(self: importing.Importer, *given: object) -> None:
        if len(self.lines) >= 4:
            raise KeyboardInterrupt
        await taken(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(importing.Importer, "take", once)
    with pytest.raises(KeyboardInterrupt):
        await uploading.read(upload, {})
    middle = await looked_at(upload, actor)
    assert not middle.done and len(middle.report.added) == 4
    monkeypatch.setattr(importing.Importer, "take", taken)
    await uploading.read(upload, {})
    assert len((await looked_at(upload, actor)).report.added) == 6


async def test_one_file_that_breaks_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    actor = await account()
    upload = await send(actor, ("坏.docx", GUIDE), ("指南.docx", writing.docx([(0, "另一份指南"), "到窗口办理。"])))
    placed = importing.placing.propose

    async def broken(session: object, item: importing.Item, **rest: object) -> object:
        if item.source.name == "坏.docx":
            raise RuntimeError
        return await placed(session, item, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(importing.placing, "propose", broken)
    await jobs.run_due()
    assert [each.outcome for each in (await looked_at(upload, actor)).report.lines] == ["refused", "added"]


async def test_the_bytes_go_when_they_are_read_and_the_report_after_a_month() -> None:
    upload = await send(actor := await account(), ("指南.docx", GUIDE))
    await jobs.run_due()
    async with transaction() as session:
        kept = await session.scalar(select(func.sum(func.octet_length(ArticleFile.content))))
        assert kept is not None and 0 < kept < 500
        await session.execute(update(ArticleFile).values(at=clock.now() - uploads.KEPT - timedelta(hours=1)))
    await uploads.forget()
    with pytest.raises(NotFound):
        await looked_at(upload, actor)

"""An import of other people's documents makes drafts; again it changes nothing; cut off, it goes on."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Role
from core.errors import BadInput
from kb import articles
from kb.articles import Defaults, Draft, Importer, Report, drafts, importing, reading
from kb.articles.formats import Reader, sources
from tests.kb.conftest import Write
from tests.kb.formats import writing

EDITOR = Actor(kind="staff", id=7, name="编辑", role=Role.EDITOR)
OTHER = Actor(kind="staff", id=8, name="班长", role=Role.SUPERVISOR)
LIST_HEADER = ["问题", "答案", "责任部门", "适用地区", "适用对象", "复核日期"]
LONG = "请带身份证和银行卡到任一网点的窗口办理，当场办结，不收费。"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "资料"
    (made / "下级").mkdir(parents=True)
    (made / "指南.docx").write_bytes(writing.docx([(0, "办事指南"), "到窗口办理。", (1, "费用"), "不收费。"]))
    (made / "下级" / "说明.md").write_text("# 说明\n照此办理。\n")
    (made / "scan.pdf").write_bytes(writing.picture_pdf())
    return made


async def imported(
    session: AsyncSession, path: Path, reader: Reader, defaults: Defaults | None = None, *, chunks: int | None = None
) -> Report:
    """Import as the command does; with `chunks`, be cut off after so many."""
    run = Importer(reader, defaults=defaults)
    unread = await run.unread(session, list(sources(path, reader)))
    for number, chunk in enumerate(run.chunks(unread)):
        if number == chunks:
            break
        await run.take(session, chunk)
    return run.report


def outcomes(report: Report) -> Mapping[str, str]:
    return {f"{each.file} {each.place}".strip(): each.outcome for each in report.lines}


async def test_documents_become_drafts_and_nothing_is_published(
    session: AsyncSession, folder: Path, reader: Reader
) -> None:
    defaults = Defaults(department="hotline_centre", subject="测试", region="zhaoxia", review_due=date(2027, 1, 1))
    report = await imported(session, folder, reader, defaults)
    assert outcomes(report) == {"scan.pdf": "refused", "下级/说明.md": "added", "指南.docx": "added"}
    assert await articles.listing(session) == []
    draft = await session.get(Draft, next(id for id in report.added if id.startswith("zhi-nan-")))
    assert draft is not None
    assert draft.source == "指南.docx"
    assert draft.content == {
        "id": draft.id,
        "title": "办事指南",
        "body": "到窗口办理。\n\n## 费用\n\n不收费。",
        "department": "hotline_centre",
        "subject": "测试",
        "region": "zhaoxia",
        "review_due": "2027-01-01",
    }


async def test_the_same_again_changes_nothing_and_reads_nothing(
    session: AsyncSession, folder: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imported(session, folder, reader)
    before = [(each.id, each.edition) for each in await session.scalars(select(Draft).order_by(Draft.id))]
    read: list[str] = []
    monkeypatch.setattr(Reader, "read", lambda self, path, name, entry=None: read.append(name) or iter(()))
    again = await imported(session, folder, reader)
    assert (again.added, again.changed, len(again.unchanged)) == ((), (), 2)
    assert read == ["scan.pdf"]  # what was refused is looked at again
    assert [(each.id, each.edition) for each in await session.scalars(select(Draft).order_by(Draft.id))] == before


async def test_a_changed_file_changes_its_own_article(session: AsyncSession, folder: Path, reader: Reader) -> None:
    first = await imported(session, folder, reader)
    (folder / "下级" / "说明.md").write_text("# 新的说明\n改为照彼办理。\n")
    again = await imported(session, folder, reader)
    assert again.changed == tuple(id for id in first.added if id.startswith("shuo-ming-"))
    draft = await session.get(Draft, again.changed[0], populate_existing=True)
    assert draft is not None and draft.content["title"] == "新的说明"


async def test_a_new_edition_of_a_file_keeps_what_staff_filled_in(
    session: AsyncSession, folder: Path, reader: Reader
) -> None:
    [id] = (await imported(session, folder / "下级", reader)).added
    draft = await session.get(Draft, id)
    assert draft is not None
    filled = draft.content | {"department": "hotline_centre", "basis": "《规定》"}
    await drafts.save(session, id, filled, edition=draft.edition, based_on=None, actor=EDITOR)
    (folder / "下级" / "说明.md").write_text("# 说明\n改为照彼办理。\n")
    await imported(session, folder / "下级", reader)
    changed = await session.get(Draft, id, populate_existing=True)
    assert changed is not None
    assert (changed.content["body"], changed.content["basis"]) == ("改为照彼办理。", "《规定》")


async def test_what_staff_threw_away_stays_away(session: AsyncSession, folder: Path, reader: Reader) -> None:
    [id] = (await imported(session, folder / "下级", reader)).added
    await drafts.discard(session, id, edition=1, actor=EDITOR)
    assert (await imported(session, folder / "下级", reader)).unchanged == (id,)
    assert await session.get(Draft, id, populate_existing=True) is None


async def test_the_same_document_twice_is_one_article(session: AsyncSession, folder: Path, reader: Reader) -> None:
    (folder / "说明（副本）.html").write_text("<html><body><h1>说明</h1><p>照此 办理。</p></body></html>")
    report = await imported(session, folder, reader)
    [line] = [each for each in report.lines if each.outcome == "merged"]
    assert line.file == "下级/说明.md"
    assert line.article.startswith("shuo-ming-fu-ben-")
    assert await session.scalar(select(func.count()).select_from(Draft)) == 2


async def test_a_question_list_speaks_in_names_and_drafts_in_codes(
    session: AsyncSession, tmp_path: Path, reader: Reader
) -> None:
    (tmp_path / "问答.xlsx").write_bytes(writing.xlsx({"表一": [
        LIST_HEADER,
        ["银行卡怎么换", LONG, "热线中心", "朝霞区", "个人、企业", date(2027, 1, 1)],
        ["银行卡丢了怎么补", LONG, "热线中心", "朝霞区", "个人、企业", date(2027, 1, 1)],
        ["银行卡坏了怎么修", "不能修，只能换新卡。", "某某科", "火星", "", "另行通知"],
        ["银行卡怎么换", "另一个答案，与前面的不同。", "", "", "", ""],
    ]}))  # fmt: skip
    report = await imported(session, tmp_path, reader)
    first, second = [await session.get(Draft, id) for id in report.added]
    assert first is not None and second is not None
    assert first.content["questions"] == ["银行卡丢了怎么补"]
    said = {key: first.content[key] for key in ("department", "region", "audience", "review_due")}
    assert said == {"department": "hotline_centre", "region": "zhaoxia", "audience": ["citizen", "enterprise"],
                    "review_due": "2027-01-01"}  # fmt: skip
    assert not {"department", "region", "review_due"} & set(second.content)
    assert "部门“某某科”不在名录里" in second.note
    assert outcomes(report) == {
        "问答.xlsx 表一 第2行": "added",
        "问答.xlsx 表一 第4行": "added",
        "问答.xlsx 表一 第5行": "refused",
        "问答.xlsx 表一 第3行": "merged",
    }


async def test_the_citys_own_files_are_published_and_the_incomplete_proposed(
    session: AsyncSession, write: Write, reader: Reader
) -> None:
    folder = write()
    write(id="half", department=None)
    write(id="wrong", reviewed="soon")
    header = ",".join(reading.CSV_KEYS)
    row = "pool-hours,体育,泳池几点开门,几点能游泳,每天开放。,sports,《规定》,,2026-01-01,2027-01-01"
    (folder / "table.csv").write_text(f"{header}\n{row}\n,short\n")
    report = await imported(session, folder, reader)
    assert outcomes(report) == {
        "half.md": "added",
        "lamp-warranty.md": "added",
        "wrong.md reviewed": "refused",
        "table.csv line 2": "added",
        "table.csv line 3": "refused",
    }
    assert [each.id for each in await articles.listing(session)] == ["pool-hours", "lamp-warranty"]
    assert [each.article for each in report.lines if each.draft] == ["half"]
    assert (await imported(session, folder, reader)).unchanged == ("half", "lamp-warranty", "pool-hours")


async def test_a_run_that_was_cut_off_goes_on(
    session: AsyncSession, tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 4)
    rows = "".join(f"问题{number}？,第{number}个答案，各不相同。\n" for number in range(10))
    (tmp_path / "a.csv").write_text(f"问题,答案\n{rows}")
    (tmp_path / "b.md").write_text("正文。")
    cut = await imported(session, tmp_path, reader, chunks=2)
    assert len(cut.added) == 8
    rest = await imported(session, tmp_path, reader)
    assert (len(rest.unchanged), len(rest.added)) == (8, 3)
    assert len((await imported(session, tmp_path, reader)).unchanged) == 11


async def test_a_zip_is_imported_like_the_folder_in_it(session: AsyncSession, tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "资料.zip"
    page = "<html><p>第二篇。</p></html>"
    path.write_bytes(writing.zipped({"一.md": "第一篇。", "../out.md": "外面。", "二.html": page}))
    report = await imported(session, path, reader)
    assert outcomes(report) == {
        "资料.zip/一.md": "added", "资料.zip/../out.md": "refused", "资料.zip/二.html": "added",
    }  # fmt: skip
    path.write_bytes(writing.zipped({"一.md": "第一篇。", "二.html": page.replace("第", "改了第")}))
    again = await imported(session, path, reader)
    assert (len(again.unchanged), len(again.changed)) == (1, 1)


async def test_a_number_of_its_own_is_a_documents_basis(session: AsyncSession, tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "a.md").write_text("# 用水收费通知\n示水发〔2026〕12号\n\n收费如下。")
    [id] = (await imported(session, tmp_path, reader)).added
    draft = await session.get(Draft, id)
    assert draft is not None and draft.content["basis"] == "《用水收费通知》（示水发〔2026〕12号）"
    assert draft.content["body"] == "收费如下。"  # it is not read out before the answer


async def test_defaults_name_what_exists() -> None:
    for wrong in ({"department": "nobody"}, {"region": "火星"}, {"region": "朝霞区"}):
        with pytest.raises(BadInput):
            Defaults(**wrong)


async def test_what_is_no_text_in_one_file_does_not_end_the_import(
    session: AsyncSession, tmp_path: Path, reader: Reader
) -> None:
    (tmp_path / "a.md").write_text('---\nid: lamp\ntitle: "台\\0灯"\n---\n照此办理。\n')
    (tmp_path / "b.md").write_text("# 说明\n照此办理。\n")
    report = await imported(session, tmp_path, reader)
    assert outcomes(report) == {"a.md": "added", "b.md": "added"}
    draft = await drafts.get(session, "lamp", actor=EDITOR)
    assert draft is not None and draft.content["title"] == "台灯"

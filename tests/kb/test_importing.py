"""Importing twice changes nothing; a changed file is a new version; staff's decision to withdraw outlives the file."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import SYSTEM, Actor, Role
from core.errors import Conflict, Forbidden, NotFound
from kb import articles, changes
from kb.articles import State, drafts
from tests.kb.conftest import Write

EDITOR = Actor(kind="staff", id=7, name="编辑", role=Role.EDITOR)
SUPERVISOR = Actor(kind="staff", id=8, name="班长", role=Role.SUPERVISOR)


async def test_the_same_content_twice_changes_nothing(session: AsyncSession, write: Write) -> None:
    folder = write()
    assert (await articles.import_folder(session, folder)).added == ("lamp-warranty",)
    mark = await changes.revision(session)
    again = await articles.import_folder(session, folder)
    assert (again.added, again.changed, again.unchanged) == ((), (), ("lamp-warranty",))
    assert await changes.revision(session) == mark
    assert len(await articles.history(session, "lamp-warranty")) == 1


async def test_changed_content_is_a_new_version_and_a_new_mark(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    mark = await changes.revision(session)
    report = await articles.import_folder(session, write(title="台灯保修"), actor=EDITOR)
    assert report.changed == ("lamp-warranty",)
    assert (await articles.get(session, "lamp-warranty")).version == 2
    latest, first = await articles.history(session, "lamp-warranty")
    assert (latest.content["title"], first.content["title"]) == ("台灯保修", "台灯坏了怎么保修")
    assert (latest.actor, first.actor) == ("staff:7", "system")
    assert await changes.revision(session) not in {"", mark}
    events = await ledger.history(session, "knowledge")
    assert [event.data for event in events] == [{"added": ["lamp-warranty"]}, {"changed": ["lamp-warranty"]}]


async def test_the_rest_goes_on_past_a_bad_file(session: AsyncSession, write: Write) -> None:
    folder = write()
    (folder / "broken.md").write_text("nothing")
    (folder / "twin.md").write_text((folder / "lamp-warranty.md").read_text())
    report = await articles.import_folder(session, folder)
    assert report.added == ("lamp-warranty",)
    assert [(each.file, each.place) for each in report.problems] == [("broken.md", ""), ("twin.md", "id")]
    assert report.as_json()["problems"][0]["sentence"].startswith("文件开头")


async def test_one_file_can_be_imported(session: AsyncSession, write: Write) -> None:
    assert (await articles.import_folder(session, write() / "lamp-warranty.md")).added == ("lamp-warranty",)


async def test_withdrawing_takes_a_permission_and_survives_the_next_import(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    with pytest.raises(Forbidden):
        await articles.withdraw(session, "lamp-warranty", "不再适用", actor=EDITOR)
    await articles.withdraw(session, "lamp-warranty", "不再适用", actor=SUPERVISOR)
    with pytest.raises(Conflict):
        await articles.withdraw(session, "lamp-warranty", "不再适用", actor=SUPERVISOR)
    await articles.import_folder(session, write(title="台灯保修"))
    assert (await articles.get(session, "lamp-warranty")).state == State.WITHDRAWN
    again = await articles.republish(session, "lamp-warranty", 1, "重新适用", actor=SUPERVISOR)
    assert again.state == State.PUBLISHED
    assert [each.state for each in await articles.history(session, "lamp-warranty")] == [
        "published",
        "withdrawn",
        "withdrawn",
        "published",
    ]
    kinds = [event.kind for event in await ledger.history(session, "article:lamp-warranty")]
    assert kinds == ["article.withdrawn", "article.rolled_back"]


async def test_an_unknown_article_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await articles.get(session, "nothing")
    with pytest.raises(NotFound):
        await articles.withdraw(session, "nothing", "不再适用", actor=SYSTEM)


async def test_a_file_that_calls_itself_a_draft_becomes_one(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write(state="draft"))
    draft = await drafts.get(session, "lamp-warranty", actor=EDITOR)
    assert draft is not None and draft.state == "draft" and drafts.problems(draft.content) == []
    assert await articles.listing(session) == []


async def test_staff_list_by_subject_and_state(session: AsyncSession, write: Write) -> None:
    write(id="b-withdrawn")
    await articles.import_folder(session, write(subject="别的"))
    await articles.withdraw(session, "b-withdrawn", "不再适用", actor=SUPERVISOR)
    assert [each.id for each in await articles.listing(session)] == ["lamp-warranty", "b-withdrawn"]
    assert [each.id for each in await articles.listing(session, subject="测试")] == ["b-withdrawn"]
    assert [each.id for each in await articles.listing(session, state=State.PUBLISHED)] == ["lamp-warranty"]


async def test_the_sample_city_loads_whole_and_only_once(session: AsyncSession) -> None:
    first = await articles.load_city(session)
    assert not first.problems
    assert len(first.added) >= 150
    assert len({each.subject for each in await articles.listing(session)}) >= 15
    again = await articles.load_city(session)
    assert (again.added, again.changed) == ((), ())

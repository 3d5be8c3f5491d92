"""A change on its way: proposed, corrected, submitted, discarded, and by whom."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import SYSTEM, Actor, Role
from core.errors import BadInput, Conflict, Forbidden, NotFound
from kb import articles
from kb.articles import drafts
from tests.kb.writing import AGENT, EDITOR, FIELDS, MARKET, TAX, ZHOU, published, submitted, written


async def test_what_lacks_fields_is_proposed_all_the_same(session: AsyncSession) -> None:
    draft = await drafts.propose(session, "lamp", {"title": "台灯"}, actor=SYSTEM, source="灯.docx", note="来自文件夹")
    assert draft is not None
    assert (draft.state, draft.edition, draft.based_on, draft.source) == ("draft", 1, None, "灯.docx")
    assert {key for key, _ in drafts.problems(draft.content)} >= {"body", "department", "basis", "reviewed"}


async def test_the_same_proposed_again_changes_nothing(session: AsyncSession) -> None:
    first = await drafts.propose(session, "lamp", FIELDS, actor=SYSTEM)
    assert first is not None
    assert await drafts.propose(session, "lamp", FIELDS | {"audience": []}, actor=SYSTEM) is None
    assert first.edition == 1
    assert [each.kind for each in await ledger.history(session, "article:lamp")] == ["article.proposed"]


async def test_a_correction_is_not_undone_by_the_same_file(session: AsyncSession) -> None:
    await drafts.propose(session, "lamp", FIELDS, actor=SYSTEM)
    await written(session, actor=EDITOR, title="台灯保修")
    assert await drafts.propose(session, "lamp", FIELDS, actor=SYSTEM) is None
    await published(session)
    assert await drafts.propose(session, "lamp", FIELDS, actor=SYSTEM) is None
    assert (await articles.get(session, "lamp")).title == "台灯保修"


async def test_what_is_published_already_is_no_proposal(session: AsyncSession) -> None:
    await published(session)
    assert await drafts.propose(session, "lamp", FIELDS, actor=EDITOR) is None


async def test_another_text_replaces_the_open_draft(session: AsyncSession) -> None:
    await drafts.propose(session, "lamp", FIELDS, actor=SYSTEM)
    second = await drafts.propose(session, "lamp", FIELDS | {"title": "台灯保修"}, actor=EDITOR)
    assert second is not None
    assert (second.edition, second.content["title"]) == (2, "台灯保修")
    assert second.authors == ["staff:7", "system"]


@pytest.mark.parametrize("id", ["../台灯", "", "Lamp", "a" * 101])
async def test_an_id_that_is_no_slug_is_refused(session: AsyncSession, id: str) -> None:
    with pytest.raises(BadInput):
        await drafts.propose(session, id, FIELDS, actor=SYSTEM)
    with pytest.raises(BadInput):
        await drafts.save(session, id, FIELDS, edition=0, based_on=None, actor=EDITOR)


async def test_a_department_proposes_for_itself_only(session: AsyncSession) -> None:
    await drafts.propose(session, "lamp", FIELDS, actor=MARKET)
    with pytest.raises(Forbidden):
        await drafts.propose(session, "other", FIELDS, actor=TAX)
    with pytest.raises(Forbidden):  # taking over another's by naming itself
        await drafts.propose(session, "lamp", FIELDS | {"department": "tax"}, actor=TAX)
    with pytest.raises(Forbidden):
        await written(session, actor=TAX, department="tax")
    with pytest.raises(Forbidden):
        await written(session, actor=MARKET, department="tax")
    await published(session)
    with pytest.raises(Forbidden):
        await drafts.propose(session, "lamp", FIELDS | {"department": "tax"}, actor=TAX)


async def test_what_names_no_department_yet_is_its_authors_until_then(session: AsyncSession) -> None:
    begun = await drafts.save(session, "lamp", {"title": "台灯"}, edition=0, based_on=None, actor=MARKET)
    for stranger in (TAX, AGENT):
        with pytest.raises(Forbidden):
            await drafts.save(session, "lamp", {"title": "别的"}, edition=0, based_on=None, actor=stranger)
        with pytest.raises(Forbidden):
            await drafts.propose(session, "lamp", {"title": "别的"}, actor=stranger)
        with pytest.raises(Forbidden):
            await drafts.discard(session, "lamp", edition=begun.edition, actor=stranger)
    await written(session, actor=MARKET, department=None)
    await written(session, actor=EDITOR, department="tax")
    await written(session, actor=TAX, title="台灯保修")


async def test_a_district_writes_for_its_streets(session: AsyncSession) -> None:
    zhaoxia = Actor(kind="staff", id=20, role=Role.DEPARTMENT, department="zhaoxia")
    street = Actor(kind="staff", id=21, role=Role.DEPARTMENT, department="zhaoxia_gulou")
    await written(session, actor=zhaoxia, department="zhaoxia_gulou")
    await written(session, actor=street, title="台灯保修")
    with pytest.raises(Forbidden):
        await written(session, actor=street, id="another", department="zhaoxia")


async def test_drafts_are_seen_by_who_may_write_in_them(session: AsyncSession) -> None:
    await written(session)
    await drafts.propose(session, "nameless", {"title": "没有部门"}, actor=SYSTEM)
    states = ["draft"]
    assert [each.id for each in await drafts.listing(session, actor=MARKET, states=states)] == ["lamp"]
    assert {each.id for each in await drafts.listing(session, actor=EDITOR, states=states)} == {"lamp", "nameless"}
    for actor in (TAX, AGENT):
        assert await drafts.listing(session, actor=actor, states=states) == []
        assert await drafts.get(session, "lamp", actor=actor) is None
    assert await drafts.counts(session, actor=MARKET) == {"draft": 1, "review": 0, "returned": 0}


async def test_nobody_overwrites_what_they_have_not_seen(session: AsyncSession) -> None:
    first = await written(session)
    await drafts.save(session, "lamp", FIELDS | {"title": "甲"}, edition=first.edition, based_on=None, actor=MARKET)
    for seen in (0, 1):
        with pytest.raises(Conflict) as refused:
            await drafts.save(session, "lamp", FIELDS | {"title": "乙"}, edition=seen, based_on=None, actor=EDITOR)
        assert refused.value.extra == {"edition": 2}


async def test_saving_what_is_there_changes_nothing(session: AsyncSession) -> None:
    first = await written(session)
    assert (await written(session, actor=EDITOR)).edition == first.edition == 1
    assert first.authors == ["staff:8"]


async def test_only_what_is_complete_is_submitted(session: AsyncSession) -> None:
    draft = await written(session, actor=EDITOR, body="", department="no_such")
    with pytest.raises(BadInput) as refused:
        await drafts.submit(session, "lamp", edition=draft.edition, actor=EDITOR)
    assert set(refused.value.extra["fields"]) == {"body"}
    draft = await written(session, actor=EDITOR, body="正文。")
    with pytest.raises(BadInput) as refused:
        await drafts.submit(session, "lamp", edition=draft.edition, actor=EDITOR)
    assert set(refused.value.extra["fields"]) == {"department"}


async def test_what_was_submitted_and_then_changed_is_submitted_again(session: AsyncSession) -> None:
    draft = await submitted(session)
    with pytest.raises(Conflict):
        await drafts.submit(session, "lamp", edition=draft.edition, actor=MARKET)
    changed = await written(session, actor=EDITOR, title="台灯保修")
    assert (changed.state, changed.submitted_at) == ("draft", None)


async def test_discarding_a_draft_leaves_what_is_published(session: AsyncSession) -> None:
    await published(session)
    draft = await written(session, title="台灯保修")
    await drafts.discard(session, "lamp", edition=draft.edition, actor=MARKET)
    assert await drafts.get(session, "lamp", actor=ZHOU) is None
    assert (await articles.get(session, "lamp")).title == FIELDS["title"]
    with pytest.raises(NotFound):
        await drafts.discard(session, "lamp", edition=1, actor=MARKET)


async def test_a_file_does_not_overwrite_what_a_person_is_writing(session: AsyncSession) -> None:
    mine = await written(session, actor=EDITOR)
    with pytest.raises(Conflict):
        await drafts.propose(session, "lamp", FIELDS | {"title": "台灯保修"}, actor=ZHOU, source="灯.md")
    assert (await drafts.locked(session, "lamp", edition=mine.edition, actor=EDITOR)).content["title"] == FIELDS[
        "title"
    ]

"""A change on its way: proposed, corrected, submitted, discarded, and by whom."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import SYSTEM, Actor, Role
from core.errors import BadInput, Forbidden
from kb.articles import drafts

EDITOR = Actor(kind="staff", id=7, name="编辑", role=Role.EDITOR)
MARKET = Actor(kind="staff", id=8, name="市监", role=Role.DEPARTMENT, department="market_regulation")
TAX = Actor(kind="staff", id=9, name="税务", role=Role.DEPARTMENT, department="tax")

FIELDS: dict[str, Any] = {
    "subject": "测试",
    "title": "台灯坏了怎么保修",
    "questions": ["台灯不亮能换吗"],
    "body": "台灯在一年内坏了，凭发票到购买的商店免费修。",
    "department": "market_regulation",
    "basis": "《测试条例》第一条",
    "reviewed": "2026-06-01",
    "review_due": "2027-06-01",
}


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


async def test_another_text_replaces_the_open_draft(session: AsyncSession) -> None:
    await drafts.propose(session, "lamp", FIELDS, actor=SYSTEM)
    second = await drafts.propose(session, "lamp", FIELDS | {"title": "台灯保修"}, actor=EDITOR)
    assert second is not None
    assert (second.edition, second.content["title"]) == (2, "台灯保修")
    assert second.authors == ["staff:7", "system"]


async def test_an_id_that_is_no_slug_is_refused(session: AsyncSession) -> None:
    with pytest.raises(BadInput):
        await drafts.propose(session, "../台灯", FIELDS, actor=SYSTEM)


async def test_a_department_proposes_for_itself_only(session: AsyncSession) -> None:
    await drafts.propose(session, "lamp", FIELDS, actor=MARKET)
    with pytest.raises(Forbidden):
        await drafts.propose(session, "other", FIELDS, actor=TAX)
    with pytest.raises(Forbidden):  # taking over another's by naming itself
        await drafts.propose(session, "lamp", FIELDS | {"department": "tax"}, actor=TAX)

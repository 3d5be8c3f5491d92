"""Who writes articles, and one of them on its way, for the tests of its life."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Role
from kb import articles
from kb.articles import Article, Draft, drafts

EDITOR = Actor(kind="staff", id=7, name="编辑", role=Role.EDITOR)
MARKET = Actor(kind="staff", id=8, name="市监", role=Role.DEPARTMENT, department="market_regulation")
TAX = Actor(kind="staff", id=9, name="税务", role=Role.DEPARTMENT, department="tax")
ZHOU = Actor(kind="staff", id=10, name="班长", role=Role.SUPERVISOR)
HE = Actor(kind="staff", id=11, name="副班长", role=Role.SUPERVISOR)
AGENT = Actor(kind="staff", id=12, name="坐席", role=Role.AGENT)

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


async def written(session: AsyncSession, *, actor: Actor = MARKET, id: str = "lamp", **changes: Any) -> Draft:
    """The open draft with these changes to what it, or the article, says."""
    draft = await drafts.get(session, id, actor=EDITOR)
    article = await session.get(Article, id, populate_existing=True)
    present = draft.content if draft else {key: getattr(article, key) for key in FIELDS} if article else FIELDS
    return await drafts.save(
        session,
        id,
        present | changes,
        edition=draft.edition if draft else 0,
        based_on=draft.based_on if draft else article.version if article else None,
        actor=actor,
    )


async def submitted(session: AsyncSession, *, actor: Actor = MARKET, id: str = "lamp", **changes: Any) -> Draft:
    """The same, submitted."""
    draft = await written(session, actor=actor, id=id, **changes)
    if draft.state == "review":
        return draft
    return await drafts.submit(session, id, edition=draft.edition, actor=actor)


async def published(session: AsyncSession, *, actor: Actor = ZHOU, id: str = "lamp", **changes: Any) -> Article:
    """The same, published by a second person."""
    draft = await submitted(session, id=id, **changes)
    return await articles.publish(session, id, edition=draft.edition, actor=actor)

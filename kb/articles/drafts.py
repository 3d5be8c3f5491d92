"""A change on its way to being published: proposed, corrected, submitted, discarded. `lifecycle` decides on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict, Forbidden, NotFound
from kb.articles import owners
from kb.articles.document import digest
from kb.articles.fields import complete, plain, problems, published_digest
from kb.articles.model import Article, ArticleFile, ArticleVersion, Draft, Stage

__all__ = ["discard", "get", "listing", "problems", "propose", "save", "submit"]

TOPIC = "knowledge"  # of live announcements: lists that are open refresh


async def propose(
    session: AsyncSession,
    id: str,
    fields: Mapping[str, Any],
    *,
    actor: Actor,
    source: str = "",
    note: str = "",
) -> Draft | None:
    """Create or replace the open draft of the article `id` with the fields of `Document`, which may be incomplete.

    Returns None, and changes nothing, where the same was proposed before (whatever became of it since) or is what the
    article says. Values that JSON does not know (dates) become text. Raises Forbidden, BadInput for an id that is no
    slug, and Conflict where a person is writing a draft that no proposal began.
    """
    content = plain(fields) | {"id": id}
    owners.must_write(actor, content.get("department"))
    _must_be_slug(content)
    mark = digest(content)
    article = await session.get(Article, id, populate_existing=True)
    if article is not None:
        owners.must_write(actor, article.department)
        if mark == article.proposed or published_digest(content) == article.digest:
            return None
    draft = await _row(session, id)
    if draft is None:
        # Two proposals at once: the second finds the first one's row.
        await session.execute(
            insert(Draft).values(**_empty(id, article, actor)).on_conflict_do_nothing(index_elements=["id"])
        )
        draft = await _row(session, id)
        assert draft is not None
    if draft.digest == mark:
        return None
    _must_be_open_to(actor, draft)
    if draft.edition and not draft.digest:
        raise Conflict("这篇文章有同事正在写的草稿，没有覆盖；请先处理那份草稿。")
    draft.content, draft.digest, draft.source, draft.note = content, mark, source, note
    draft.based_on = article.version if article else None
    written(draft, actor)
    await record(session, draft, "proposed", actor, **({"source": source} if source else {}))
    return draft


async def save(
    session: AsyncSession,
    id: str,
    fields: Mapping[str, Any],
    *,
    edition: int,
    based_on: int | None,
    actor: Actor,
    note: str = "",
) -> Draft:
    """Write a person's change; what was submitted must be submitted again.

    `edition`: of the draft that the person saw, 0 where there was none; `based_on`: the version of the article that
    they saw, None where there was none. Raises Forbidden, BadInput for an id that is no slug, and Conflict where
    somebody else wrote meanwhile.
    """
    content = plain(fields) | {"id": id}
    _must_be_slug(content)
    owners.must_write(actor, content.get("department"))
    article = await session.get(Article, id, populate_existing=True)
    if article is not None:
        owners.must_write(actor, article.department)
    if edition == 0:
        row = _empty(id, article, actor)
        await session.execute(insert(Draft).values(**row).on_conflict_do_nothing(index_elements=["id"]))
    draft = await locked(session, id, edition=edition, actor=actor)
    unchanged = (draft.content, draft.note, draft.based_on) == (content, note, based_on)
    if edition and unchanged:
        return draft
    draft.content, draft.note, draft.based_on = content, note, based_on
    written(draft, actor)
    await record(session, draft, "proposed" if edition == 0 else "edited", actor)
    return draft


async def submit(session: AsyncSession, id: str, *, edition: int, actor: Actor) -> Draft:
    """Hand the draft to somebody else to decide.

    Raises Forbidden, NotFound, Conflict where it was changed meanwhile or is submitted already, and BadInput, with
    `fields` naming what is wrong, where it cannot be published as it is.
    """
    draft = await locked(session, id, edition=edition, actor=actor)
    if draft.state == Stage.REVIEW:
        raise Conflict("这份草稿已经提交审核。")
    complete(draft.content)
    draft.state, draft.reason = Stage.REVIEW, ""
    draft.submitted_at = draft.updated_at = clock.now()
    await record(session, draft, "submitted", actor)
    return draft


async def discard(session: AsyncSession, id: str, *, edition: int, actor: Actor) -> None:
    """Throw the draft away; what is published stays. Raises Forbidden, NotFound, or Conflict."""
    draft = await locked(session, id, edition=edition, actor=actor)
    await record(session, draft, "discarded", actor)
    await remove(session, draft)


async def get(session: AsyncSession, id: str, *, actor: Actor) -> Draft | None:
    """Return the open draft of the article, None where there is none or the actor does not see it."""
    return await session.scalar(
        select(Draft).where(Draft.id == id, _seen_by(actor)).execution_options(populate_existing=True)
    )


async def listing(
    session: AsyncSession, *, actor: Actor, states: Sequence[str], limit: int = 50, skip: int = 0
) -> Sequence[Draft]:
    """Return the drafts in `states` that the actor sees; those that wait for review the longest first."""
    oldest_first = Stage.REVIEW in states
    order = Draft.submitted_at.asc() if oldest_first else Draft.updated_at.desc()
    query = select(Draft).where(Draft.state.in_(states), _seen_by(actor)).order_by(order, Draft.id)
    return (await session.scalars(query.limit(limit).offset(skip))).all()


async def counts(session: AsyncSession, *, actor: Actor) -> dict[str, int]:
    """Return how many drafts the actor sees in each state."""
    rows = await session.execute(select(Draft.state, func.count()).where(_seen_by(actor)).group_by(Draft.state))
    found = {state: count for state, count in rows}
    return {stage.value: found.get(stage.value, 0) for stage in Stage}


async def titles(session: AsyncSession, ids: Sequence[str], *, actor: Actor) -> dict[str, str]:
    """Return the titles, maybe empty, of those of these that are articles, or drafts that the actor sees."""
    articles = await session.execute(select(Article.id, Article.title).where(Article.id.in_(ids)))
    title = func.coalesce(Draft.content["title"].astext, "")
    seen = await session.execute(select(Draft.id, title).where(Draft.id.in_(ids), _seen_by(actor)))
    return {id: title for rows in (articles, seen) for id, title in rows}


async def locked(session: AsyncSession, id: str, *, edition: int | None, actor: Actor) -> Draft:
    """Return the draft, held until the transaction ends; `edition`: the one that the actor saw.

    Raises NotFound, Forbidden where another department or, as long as none is named, somebody else owns it, Conflict
    where it was changed meanwhile.
    """
    draft = await _row(session, id)
    if draft is None:
        raise NotFound("没有这份草稿，可能已经发布或删除。")
    _must_be_open_to(actor, draft)
    if edition is not None and draft.edition != edition:
        raise Conflict("这份草稿刚被别人改过，请对照后再保存。", edition=draft.edition)
    return draft


async def remove(session: AsyncSession, draft: Draft) -> None:
    """Take the row away, and the files that nothing else lists."""
    versions = await session.scalars(select(ArticleVersion.attachments).where(ArticleVersion.article == draft.id))
    kept = {each["id"] for listed in versions for each in listed}
    await session.execute(delete(ArticleFile).where(ArticleFile.article == draft.id, ArticleFile.id.not_in(kept)))
    await session.delete(draft)
    await session.flush()


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Return which drafts the actor sees: editors all, a department its own."""
    if actor.may(Permission.KNOWLEDGE_EDIT):
        return true()
    if not actor.may(Permission.KNOWLEDGE_PROPOSE) or actor.department is None:
        return false()
    owner = Draft.content["department"].astext
    return or_(owner.in_(owners.below(actor.department)), owner.is_(None) & Draft.authors.contains([str(actor)]))


def _must_be_open_to(actor: Actor, draft: Draft) -> None:
    """Raise Forbidden unless the actor may write in the draft: a department, of those it does not see, in none."""
    owner = draft.content.get("department")
    owners.must_write(actor, owner)
    begun = draft.authors and not owner
    if begun and str(actor) not in draft.authors and not actor.may(Permission.KNOWLEDGE_EDIT):
        raise Forbidden("这份草稿是别人起草的，还没有写明负责部门，您不能修改。请联系热线中心。")


def _must_be_slug(content: dict[str, Any]) -> None:
    if any(key == "id" for key, _ in problems(content)):
        raise BadInput("文章编号只能用小写字母、数字和连字符，最多100个字符。")


def _empty(id: str, article: Article | None, actor: Actor) -> dict[str, Any]:
    return {
        "id": id,
        "content": {},
        "attachments": list(article.attachments) if article else [],
        "state": Stage.DRAFT,
        "based_on": article.version if article else None,
        "edition": 0,
        "authors": [],
        "note": "",
        "reason": "",
        "source": "",
        "digest": "",
        "updated_at": clock.now(),
    }


async def _row(session: AsyncSession, id: str) -> Draft | None:
    found: Draft | None = await session.scalar(
        select(Draft).where(Draft.id == id).with_for_update().execution_options(populate_existing=True)
    )
    return found


def written(draft: Draft, actor: Actor) -> None:
    """Note that the actor changed what the draft says: it is a draft again, and not the actor's to publish."""
    draft.authors = sorted({*draft.authors, str(actor)})
    draft.edition += 1
    draft.state = Stage.DRAFT
    draft.submitted_at = None
    draft.updated_at = clock.now()


async def record(session: AsyncSession, draft: Draft, step: str, actor: Actor, **data: Any) -> None:
    """Write what happened to the draft into the ledger, and tell the open lists."""
    await session.flush()
    about = {"edition": draft.edition, "digest": digest(draft.content)} | data
    await ledger.append(session, subject=f"article:{draft.id}", kind=f"article.{step}", actor=actor, data=about)
    await live.announce(session, TOPIC, f"article.{step}", article=draft.id)

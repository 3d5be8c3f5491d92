"""What is decided about articles: publish, send back, withdraw, roll back; and lists of them for staff.

Two pairs of eyes: nobody publishes a change that they wrote in, and what was once published has been seen by two.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor, Permission
from core.city import city
from core.errors import BadInput, Conflict, Forbidden, NotFound
from kb import changes
from kb.articles import drafts, fields, owners
from kb.articles.document import Document, digest
from kb.articles.model import Article, ArticleVersion, Attached, Draft, Stage, State


def today() -> date:
    """Return the city's date."""
    return clock.local(clock.now(), city().time_zone).date()


async def get(session: AsyncSession, id: str) -> Article:
    """Return the article, whatever its state. Raises NotFound."""
    article = await session.get(Article, id, populate_existing=True)
    if article is None:
        raise NotFound("没有这篇文章。")
    return article


async def in_force(session: AsyncSession, id: str) -> Article:
    """Return the article where citizens may be told of it today. Raises NotFound, the same whatever the reason."""
    article, day = await get(session, id), today()
    if (
        article.state != State.PUBLISHED
        or (article.effective is not None and day < article.effective)
        or (article.expires is not None and article.expires < day)
    ):
        raise NotFound("没有这篇文章。")
    return article


async def version(session: AsyncSession, id: str, number: int) -> ArticleVersion:
    """Return a version of the article. Raises NotFound."""
    found = await session.get(ArticleVersion, (id, number))
    if found is None:
        raise NotFound("没有这个版本。")
    return found


async def history(session: AsyncSession, id: str) -> Sequence[ArticleVersion]:
    """Return every version of the article, newest first."""
    query = select(ArticleVersion).where(ArticleVersion.article == id).order_by(ArticleVersion.version.desc())
    return (await session.scalars(query)).all()


async def listing(
    session: AsyncSession,
    subject: str | None = None,
    state: State | str | None = None,
    *,
    limit: int | None = None,
    skip: int = 0,
) -> Sequence[Article]:
    """Return articles for staff, by subject and title, of one subject or state where given."""
    query = select(Article).order_by(Article.subject, Article.title, Article.id)
    if subject is not None:
        query = query.where(Article.subject == subject)
    if state is not None:
        query = query.where(Article.state == str(state))
    return (await session.scalars(query.limit(limit).offset(skip))).all()


async def subjects(session: AsyncSession, state: State | str) -> dict[str, int]:
    """Return how many articles each subject has in the state."""
    query = select(Article.subject, func.count()).where(Article.state == str(state)).group_by(Article.subject)
    return {subject: count for subject, count in await session.execute(query.order_by(Article.subject))}


async def due(
    session: AsyncSession, *, department: str | None = None, limit: int | None = None, skip: int = 0
) -> Sequence[Article]:
    """Return published articles whose day of review has come or that have expired, the longest ago first.

    `department`: only its own and those of departments below it.
    """
    query = _due(select(Article), department).order_by(
        func.least(Article.review_due, Article.expires), Article.subject, Article.id
    )
    return (await session.scalars(query.limit(limit).offset(skip))).all()


async def count_due(session: AsyncSession, *, department: str | None = None) -> int:
    """Return how many articles `due` lists."""
    return await session.scalar(_due(select(func.count(Article.id)), department)) or 0


async def count(session: AsyncSession, state: State | str) -> int:
    """Return how many articles are in the state."""
    return await session.scalar(select(func.count(Article.id)).where(Article.state == str(state))) or 0


async def publish(session: AsyncSession, id: str, *, edition: int, actor: Actor) -> Article:
    """Let what the submitted draft says be quoted. `edition`: the one that the actor read.

    Raises Forbidden for who wrote in it, NotFound, Conflict where it is not submitted or either text was changed
    meanwhile, BadInput where it has become incomplete.
    """
    actor.must(Permission.KNOWLEDGE_PUBLISH)
    await changes.alone(session)
    draft = await drafts.locked(session, id, edition=edition, actor=actor)
    if draft.state != Stage.REVIEW:
        raise Conflict("这份草稿还没有提交审核，不能发布。")
    if str(actor) in draft.authors:
        raise Forbidden("您改过这份草稿，要由另一位同事审核发布。")
    article = await session.get(Article, id, populate_existing=True)
    if draft.based_on != (article.version if article else None):
        raise Conflict("起草以后，已发布的内容又有了新版本。请退回，对照新版本修改后再发布。")
    article = await write(
        session, fields.complete(draft.content), article, attachments=draft.attachments, actor=actor, reason=draft.note
    )
    article.proposed = draft.digest or article.proposed
    await _record(session, article, "published", actor, authors=draft.authors)
    await drafts.remove(session, draft)
    return article


async def send_back(session: AsyncSession, id: str, reason: str, *, edition: int, actor: Actor) -> Draft:
    """Return the submitted draft to its authors. Raises Forbidden, NotFound, Conflict, BadInput without a reason."""
    actor.must(Permission.KNOWLEDGE_PUBLISH)
    draft = await drafts.locked(session, id, edition=edition, actor=actor)
    if draft.state != Stage.REVIEW:
        raise Conflict("这份草稿不在审核中。")
    draft.state, draft.reason = Stage.RETURNED, _stated(reason)
    draft.updated_at = clock.now()
    await drafts.record(session, draft, "returned", actor, reason=draft.reason)
    return draft


async def withdraw(session: AsyncSession, id: str, reason: str, *, actor: Actor) -> Article:
    """Take the article out; it is not quoted from this moment. Raises Forbidden, NotFound, Conflict, BadInput."""
    actor.must(Permission.KNOWLEDGE_PUBLISH)
    reason = _stated(reason)
    await changes.alone(session)
    article = await get(session, id)
    if article.state != State.PUBLISHED:
        raise Conflict("这篇文章没有发布，或者已经下架。")
    last = await version(session, id, article.version)
    article.state = State.WITHDRAWN
    article.version += 1
    article.updated_at = clock.now()
    session.add(ArticleVersion.of(article, dict(last.content), actor, reason=reason))
    await _record(session, article, "withdrawn", actor, reason=reason)
    return article


async def roll_back(session: AsyncSession, id: str, number: int, *, actor: Actor) -> Draft:
    """Make a draft of what the article said before. Raises Forbidden, NotFound, Conflict where there is a draft."""
    article = await get(session, id)
    old = await version(session, id, number)
    note = f"恢复为第{number}版"
    draft = await _begin(session, article, old.content, note=note, actor=actor)
    draft.attachments = list(old.attachments)
    await session.flush()
    return draft


async def republish(session: AsyncSession, id: str, number: int, reason: str, *, actor: Actor) -> Article:
    """Publish at once what the article said before, which was published and so has been seen by two.

    Raises Forbidden, NotFound, BadInput without a reason, Conflict for a version that was never published or is
    what is published now.
    """
    actor.must(Permission.KNOWLEDGE_PUBLISH)
    reason = _stated(reason)
    await changes.alone(session)
    article = await get(session, id)
    old = await version(session, id, number)
    if old.state != State.PUBLISHED:
        raise Conflict("这个版本没有发布过，不能直接恢复。")
    if article.state == State.PUBLISHED and article.version == number:
        raise Conflict("现在发布的就是这个版本。")
    document = fields.complete(fields.plain(old.content))
    article = await write(session, document, article, attachments=old.attachments, actor=actor, reason=reason)
    await _record(session, article, "rolled_back", actor, to=number, reason=reason)
    return article


async def still_valid(session: AsyncSession, id: str, review_due: date, *, actor: Actor) -> Draft:
    """Submit that the article holds as it is until `review_due`; somebody else confirms it by publishing.

    Raises Forbidden, NotFound, BadInput for a day that is not ahead, Conflict where it is not published or is being
    changed.
    """
    if review_due <= today():
        raise BadInput("下次复核日期要晚于今天。")
    article = await get(session, id)
    if article.state != State.PUBLISHED:
        raise Conflict("这篇文章没有发布，不用复核。")
    last = await version(session, id, article.version)
    renewed = last.content | {"reviewed": today().isoformat(), "review_due": review_due.isoformat()}
    draft = await _begin(session, article, renewed, note="复核：内容仍然有效", actor=actor)
    return await drafts.submit(session, id, edition=draft.edition, actor=actor)


async def write(
    session: AsyncSession,
    document: Document,
    article: Article | None,
    *,
    attachments: Sequence[Attached],
    actor: Actor,
    reason: str = "",
) -> Article:
    """Publish the document as a new article, or as the next version of `article`; return it."""
    content = document.content()
    if article is None:
        article = Article(id=document.id, version=0)
        session.add(article)
    for key, value in document.model_dump(exclude={"id", "state"}).items():
        setattr(article, key, list(value) if isinstance(value, tuple) else value)
    article.state, article.version = State.PUBLISHED, article.version + 1
    article.digest, article.attachments, article.updated_at = digest(content), list(attachments), clock.now()
    session.add(ArticleVersion.of(article, content, actor, reason=reason))
    await session.flush()
    return article


async def _begin(session: AsyncSession, article: Article, content: dict[str, Any], *, note: str, actor: Actor) -> Draft:
    return await drafts.save(session, article.id, content, edition=0, based_on=article.version, note=note, actor=actor)


async def _record(session: AsyncSession, article: Article, step: str, actor: Actor, **data: Any) -> None:
    await session.flush()
    about = {"version": article.version, "digest": article.digest} | data
    await ledger.append(session, subject=f"article:{article.id}", kind=f"article.{step}", actor=actor, data=about)
    await live.announce(session, drafts.TOPIC, f"article.{step}", article=article.id)
    await changes.record(session)


def _due(query: Select[Any], department: str | None) -> Select[Any]:
    query = query.where(Article.state == State.PUBLISHED, or_(Article.review_due <= today(), Article.expires < today()))
    return query if department is None else query.where(Article.department.in_(owners.below(department)))


def _stated(reason: str) -> str:
    if not reason.strip():
        raise BadInput("请写明理由。")
    return reason.strip()

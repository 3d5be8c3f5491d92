"""One article, lists for staff, and the steps from draft to published to withdrawn."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.auth import Actor, Permission
from core.errors import Conflict, NotFound
from kb import changes
from kb.articles.model import Article, ArticleVersion, State


async def get(session: AsyncSession, id: str) -> Article:
    """Return the article, whatever its state. Raises NotFound."""
    article = await session.get(Article, id)
    if article is None:
        raise NotFound("没有这篇文章。")
    return article


async def listing(
    session: AsyncSession, subject: str | None = None, state: State | str | None = None
) -> Sequence[Article]:
    """Return articles for staff, by subject and title, of one subject or state where given."""
    query = select(Article).order_by(Article.subject, Article.title, Article.id)
    if subject is not None:
        query = query.where(Article.subject == subject)
    if state is not None:
        query = query.where(Article.state == str(state))
    return (await session.scalars(query)).all()


async def history(session: AsyncSession, id: str) -> Sequence[ArticleVersion]:
    """Return every version of the article, newest first."""
    query = select(ArticleVersion).where(ArticleVersion.article == id).order_by(ArticleVersion.version.desc())
    return (await session.scalars(query)).all()


async def publish(session: AsyncSession, id: str, *, actor: Actor) -> Article:
    """Let the article be quoted. Raises Forbidden, NotFound, or Conflict where it already is published."""
    return await _move(session, id, State.PUBLISHED, actor)


async def withdraw(session: AsyncSession, id: str, *, actor: Actor) -> Article:
    """Take the article out; it is not quoted from this moment. Raises Forbidden, NotFound, or Conflict."""
    return await _move(session, id, State.WITHDRAWN, actor)


async def _move(session: AsyncSession, id: str, state: State, actor: Actor) -> Article:
    actor.must(Permission.KNOWLEDGE_PUBLISH)
    article = await session.scalar(select(Article).where(Article.id == id).with_for_update())
    if article is None:
        raise NotFound("没有这篇文章。")
    if article.state == state:
        raise Conflict("这篇文章已经发布。" if state is State.PUBLISHED else "这篇文章已经下架。")
    last = await session.get(ArticleVersion, (article.id, article.version))
    article.state = state
    article.version += 1
    article.updated_at = clock.now()
    session.add(ArticleVersion.of(article, dict(last.content) if last else {}, actor))
    await session.flush()
    await ledger.append(
        session,
        subject=f"article:{id}",
        kind=f"article.{state}",
        actor=actor,
        data={"version": article.version, "digest": article.digest},
    )
    await changes.record(session)
    return article

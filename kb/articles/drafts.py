"""A change on its way to being published: proposed, corrected, submitted, discarded. `lifecycle` decides on it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor
from core.errors import BadInput
from kb.articles import owners
from kb.articles.document import Document, digest, mistakes
from kb.articles.model import Article, Draft, Stage

TOPIC = "knowledge"  # of live announcements: lists that are open refresh
FIELDS = tuple(name for name in Document.model_fields if name != "state")


def problems(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (key, sentence) for each thing for which `fields` cannot be published yet; none where it can."""
    found: list[tuple[str, str]] = []
    try:
        document = Document.model_validate(dict(fields))
    except ValidationError as error:
        found = mistakes(error)
    else:
        if document.department not in owners.known():
            found.append(("department", "没有这个部门，请从列表中选择。"))
    return found


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
    article says. Values that JSON does not know (dates) become text. Raises Forbidden, and BadInput for an id that is
    no slug.
    """
    content = plain(fields) | {"id": id}
    owners.must_write(actor, content.get("department"))
    if any(key == "id" for key, _ in problems(content)):
        raise BadInput("文章编号只能用小写字母、数字和连字符，最多100个字符。")
    mark = digest(content)
    article = await session.get(Article, id, populate_existing=True)
    if article is not None:
        owners.must_write(actor, article.department)
        if mark == article.proposed or _published_as(content) == article.digest:
            return None
    draft = await _locked(session, id)
    if draft is None:
        # Two proposals at once: the second finds the first one's row.
        await session.execute(
            insert(Draft).values(**_empty(id, article, actor)).on_conflict_do_nothing(index_elements=["id"])
        )
        draft = await _locked(session, id)
        assert draft is not None
    if draft.digest == mark:
        return None
    owners.must_write(actor, draft.content.get("department"))
    draft.content, draft.digest, draft.source, draft.note = content, mark, source, note
    draft.based_on = article.version if article else None
    _written(draft, actor)
    await _record(session, draft, "proposed", actor, {"source": source} if source else {})
    return draft


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a document as JSON values, what is empty left out."""
    found: dict[str, Any] = {}
    for key in FIELDS:
        value = fields.get(key)
        if value is None or value == "" or value == () or value == []:
            continue
        if isinstance(value, list | tuple):
            found[key] = [str(each) for each in value]
        else:
            found[key] = value if isinstance(value, bool | str) else str(value)
    return found


def _published_as(content: dict[str, Any]) -> str | None:
    """Return the digest that an article with this content has, None where it is not complete."""
    try:
        return digest(Document.model_validate(content).content())
    except ValidationError:
        return None


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


async def _locked(session: AsyncSession, id: str) -> Draft | None:
    found: Draft | None = await session.scalar(
        select(Draft).where(Draft.id == id).with_for_update().execution_options(populate_existing=True)
    )
    return found


def _written(draft: Draft, actor: Actor) -> None:
    """Note that the actor changed what the draft says: it is a draft again, and not the actor's to publish."""
    draft.authors = sorted({*draft.authors, str(actor)})
    draft.edition += 1
    draft.state = Stage.DRAFT
    draft.submitted_at = None
    draft.updated_at = clock.now()


async def _record(session: AsyncSession, draft: Draft, step: str, actor: Actor, data: dict[str, Any]) -> None:
    await session.flush()
    about = {"edition": draft.edition, "digest": digest(draft.content)} | data
    await ledger.append(session, subject=f"article:{draft.id}", kind=f"article.{step}", actor=actor, data=about)
    await live.announce(session, TOPIC, f"article.{step}", article=draft.id)

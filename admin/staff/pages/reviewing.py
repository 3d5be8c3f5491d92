"""Pages: deciding on articles. The differences to what is published, publish, send back, withdraw, roll back."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from admin.staff import people
from admin.staff.knowledge import reading
from admin.staff.pages.route import PageRoute, View, go_to
from core.auth import Permission
from core.database import transaction
from core.errors import BadInput
from kb import articles
from kb.articles import drafts, lifecycle, owners

Number = Annotated[int, Form(ge=0)]
Reason = Annotated[str, Form(max_length=1000)]

router = APIRouter(prefix="/knowledge", route_class=PageRoute, include_in_schema=False)


@router.get("/{id}/review")
async def review(id: str, view: View) -> Response:
    """Show what a draft changes, and who may decide on it."""
    async with transaction() as session:
        draft = await reading.draft_of(session, id, actor=view.actor)
        article = await reading.article_of(session, id)
        present = await reading.said_before(session, id, article.version if article else None)
        names = await people.names(session, draft.authors)
    after = reading.content_of(draft.content, draft.attachments)
    body = str(draft.content.get("body", ""))
    return view.page(
        "review.html",
        draft=draft,
        article=article,
        content=reading.whole(draft.content),
        changes=reading.differing(present, after, view.locale) if article else [],
        stale=draft.based_on != (article.version if article else None),
        own=str(view.actor) in draft.authors,
        decides=view.actor.may(Permission.KNOWLEDGE_PUBLISH),
        writable=owners.may_write(view.actor, draft.content.get("department")),
        names=names,
        chat=reading.in_chat(body),
        body=reading.rendered(body),
        linked=reading.linked,
        today=lifecycle.today().isoformat(),
    )


@router.post("/{id}/publish")
async def publish(id: str, view: View, edition: Number) -> Response:
    """Publish what was read."""
    async with transaction() as session:
        await articles.publish(session, id, edition=edition, actor=view.actor)
    return go_to(f"/knowledge/{id}?done=published")


@router.post("/{id}/send-back")
async def send_back(id: str, view: View, edition: Number, reason: Reason = "") -> Response:
    """Send the draft back."""
    async with transaction() as session:
        await articles.send_back(session, id, reason, edition=edition, actor=view.actor)
    return go_to("/knowledge?tab=review")


@router.post("/{id}/submit")
async def submit(id: str, view: View, edition: Number) -> Response:
    """Submit the draft as it is saved."""
    async with transaction() as session:
        await drafts.submit(session, id, edition=edition, actor=view.actor)
    return go_to(f"/knowledge/{id}/review")


@router.post("/{id}/withdraw")
async def withdraw(id: str, view: View, reason: Reason = "") -> Response:
    """Take the article out."""
    async with transaction() as session:
        await articles.withdraw(session, id, reason, actor=view.actor)
    return go_to(f"/knowledge/{id}?done=withdrawn")


@router.post("/{id}/still-valid")
async def still_valid(id: str, view: View, review_due: Annotated[str, Form()] = "") -> Response:
    """Submit that the article still holds."""
    try:
        day = date.fromisoformat(review_due)
    except ValueError:
        raise BadInput("请选择下次复核的日期。") from None
    async with transaction() as session:
        await articles.still_valid(session, id, day, actor=view.actor)
    return go_to(f"/knowledge/{id}/review")


@router.get("/{id}/history")
async def history(
    id: str,
    view: View,
    old: Annotated[int | None, Query(ge=1)] = None,
    new: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Show every version, and what differs between two of them: the last two, unless others are named."""
    async with transaction() as session:
        article = await articles.get(session, id)
        versions = await articles.history(session, id)
        new = new or article.version
        old = old or max(new - 1, 1)
        before = await reading.said_before(session, id, old)
        after = await reading.said_before(session, id, new)
        names = await people.names(session, [each.actor for each in versions])
    return view.page(
        "history.html",
        article=article,
        versions=versions,
        names=names,
        old=old,
        new=new,
        changes=reading.differing(before, after, view.locale),
        writable=owners.may_write(view.actor, article.department),
        decides=view.actor.may(Permission.KNOWLEDGE_PUBLISH),
        last=lifecycle.today(),
    )


@router.post("/{id}/roll-back")
async def roll_back(id: str, view: View, version: Number) -> Response:
    """Make a draft of an older version."""
    async with transaction() as session:
        await articles.roll_back(session, id, version, actor=view.actor)
    return go_to(f"/knowledge/{id}/edit")


@router.post("/{id}/republish")
async def republish(id: str, view: View, version: Number, reason: Reason = "") -> Response:
    """Publish an older version again at once."""
    async with transaction() as session:
        await articles.republish(session, id, version, reason, actor=view.actor)
    return go_to(f"/knowledge/{id}?done=rolled_back")

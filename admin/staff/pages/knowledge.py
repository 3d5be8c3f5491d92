"""Pages: the knowledge base for staff. Search, lists, one article as it stands."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from admin.staff import people
from admin.staff.knowledge import reading
from admin.staff.pages import gaps
from admin.staff.pages.route import PageRoute, View, Viewer
from core.auth import Permission
from core.database import transaction
from kb import articles
from kb.articles import drafts, lifecycle, owners

HITS = 20
ROWS = 50

router = APIRouter(prefix="/knowledge", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def knowledge(
    view: View,
    q: Annotated[str, Query(max_length=500)] = "",
    tab: str = "published",
    subject: str = "",
    skip: Annotated[int, Query(ge=0)] = 0,
    part: bool = False,
) -> Response:
    """Search, or show a list."""
    async with transaction() as session:
        if q.strip():
            hits = await kb.search(session, q, limit=HITS)
            return view.page("knowledge.html", q=q.strip(), hits=hits, insertable=False, question=q.strip())
        shown = await _list(session, view, tab, subject, skip)
        if not (part or subject or skip) and tab == "published" and view.actor.may(Permission.KNOWLEDGE_EDIT):
            shown |= await gaps.overview(session)
    return view.page("parts/shelf.html" if part else "knowledge.html", q="", **shown)


router.include_router(gaps.router)  # before the pages of articles


@router.get("/{id}")
async def article(id: str, view: View, done: str = "") -> Response:
    """Show one article, whatever its state; one that was never published is shown as the draft that it is."""
    async with transaction() as session:
        draft = await drafts.get(session, id, actor=view.actor)
        if draft is not None and await reading.article_of(session, id) is None:
            return RedirectResponse(f"/knowledge/{id}/{'review' if draft.state == 'review' else 'edit'}", 303)
        found = await articles.get(session, id)
        versions = await articles.history(session, id)
        names = await people.names(session, [each.actor for each in versions])
    return view.page(
        "article.html",
        article=found,
        draft=draft,
        writable=owners.may_write(view.actor, found.department),
        body=reading.rendered(found.body),
        chat=reading.in_chat(found.body),
        linked=reading.linked,
        versions=versions,
        names=names,
        today=lifecycle.today(),
        done=done if done in {"published", "withdrawn", "rolled_back", "discarded"} else "",
    )


async def _list(session: AsyncSession, view: Viewer, tab: str, subject: str, skip: int) -> dict[str, Any]:
    found = await reading.listed(session, tab, actor=view.actor, subject=subject or None, limit=ROWS + 1, skip=skip)
    by_subject = tab in {"published", "withdrawn"}
    return {
        "tab": tab,
        "tabs": reading.tabs(view.actor),
        "counts": await reading.counts(session, view.actor),
        "writes": reading.writes(view.actor),
        "subject": subject if by_subject else "",
        "subjects": await lifecycle.subjects(session, tab) if by_subject else {},
        "rows": found[:ROWS],
        "names": await people.names(session, _authors(found) if tab in reading.STAGES else ()),
        "skip": skip,
        "next": skip + ROWS if len(found) > ROWS else None,
        "before": max(skip - ROWS, 0) if skip else None,
        "today": lifecycle.today(),
    }


def _authors(rows: Any) -> list[str]:
    return [author for row in rows for author in row.authors]

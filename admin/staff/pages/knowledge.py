"""Pages: the knowledge base for staff. Search, lists, one article as it stands, questions that had no answer."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

import kb
from admin.staff.pages.route import PageRoute, View
from core import clock
from core.auth import Permission
from core.city import city
from core.database import transaction
from kb import articles, unanswered
from kb.articles import State

HITS = 20
QUESTIONS = 100

router = APIRouter(prefix="/knowledge", route_class=PageRoute, include_in_schema=False)

# Articles are written by editors, and still no markup of theirs reaches a page.
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


@router.get("")
async def knowledge(
    view: View,
    q: Annotated[str, Query(max_length=500)] = "",
    subject: str = "",
    state: str = State.PUBLISHED,
) -> Response:
    """Search, or list by subject and state."""
    async with transaction() as session:
        everything = await articles.listing(session, state=state or None)
        hits = await kb.search(session, q, limit=HITS) if q.strip() else []
    subjects: dict[str, int] = {}
    for each in everything:
        subjects[each.subject] = subjects.get(each.subject, 0) + 1
    return view.page(
        "knowledge.html",
        q=q.strip(),
        hits=hits,
        insertable=False,
        question=q.strip(),
        subject=subject,
        subjects=subjects,
        state=state,
        states=[str(each) for each in (State.PUBLISHED, State.DRAFT, State.WITHDRAWN)],
        articles=[each for each in everything if not subject or each.subject == subject],
        today=clock.local(clock.now(), city().time_zone).date(),
    )


@router.get("/unanswered")
async def questions(view: View) -> Response:
    """List the questions that had no answer: what to write next."""
    view.must(Permission.KNOWLEDGE_EDIT)
    async with transaction() as session:
        asked = await unanswered.listing(session, limit=QUESTIONS)
    return view.page("unanswered.html", asked=asked)


@router.get("/{id}")
async def article(id: str, view: View) -> Response:
    """Show one article, whatever its state, with its versions."""
    async with transaction() as session:
        found = await articles.get(session, id)
        versions = await articles.history(session, id)
    return view.page(
        "article.html",
        article=found,
        body=Markup(_markdown.render(found.body)),
        versions=versions,
        today=clock.local(clock.now(), city().time_zone).date(),
    )

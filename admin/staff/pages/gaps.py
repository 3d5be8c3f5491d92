"""Pages: what the base lacks. Clusters of questions, agents' doubts, articles that contradict each other, figures."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

import kb
from admin.staff import people
from admin.staff.knowledge import gaps as drafting
from admin.staff.knowledge import reading
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from core.auth import Permission
from core.database import transaction
from core.errors import BadInput, NotFound
from kb import articles, feedback, gaps, passages, questions, sections, usage
from kb.articles import Article
from kb.contradictions import Conflict
from kb.gaps import Stand

QUESTIONS = 100
NEAREST = 5
TOP = 5
TABS = {
    "open": (Stand.OPEN,),
    "drafting": (Stand.DRAFTING,),
    "put_away": (Stand.DISMISSED, Stand.NOT_OURS),
    "closed": (Stand.CLOSED,),
    "doubts": (),
}


async def _editor(view: View) -> Viewer:
    view.must(Permission.KNOWLEDGE_EDIT)
    return view


Editor = Annotated[Viewer, Depends(_editor)]

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/gaps")
async def clusters(view: Editor, tab: str = "open", part: bool = False) -> Response:
    """List the clusters that stand somewhere, or what agents called wrong."""
    if tab not in TABS:
        raise NotFound("没有这个列表。")
    async with transaction() as session:
        counts, doubts = await gaps.counts(session), await feedback.doubts(session)
        totals = {name: sum(counts[stand] for stand in stands) for name, stands in TABS.items()}
        shown = await gaps.listing(session, TABS[tab])
        titles = await _titles(session, [cluster.article for cluster, _ in shown])
    context = {"tab": tab, "totals": totals | {"doubts": len(doubts)}, "shown": shown, "titles": titles}
    return view.page("parts/gaps.html" if part else "gaps.html", doubts=doubts, **context)


@router.post("/gaps/gather")
async def gather(view: Editor) -> Response:
    """Order a clustering now; the list hears of it when it is done."""
    async with transaction() as session:
        await drafting.order(session, anew=True)
    return Response(status_code=204)


@router.get("/gaps/{id}")
async def cluster(id: int, view: Editor, part: bool = False) -> Response:
    """Show a cluster with its sentences, what is nearest in the base, and what can be done."""
    async with transaction() as session:
        found = await gaps.get(session, id)
        samples = await gaps.samples(session, id)
        shown = await _nearest(session, found.nearest)
        titles = await _titles(session, [found.article])
        names = await people.names(session, [found.decided_by])
    context = {"gap": found, "samples": samples, "hits": shown, "titles": titles, "names": names}
    return view.page("parts/gap.html" if part else "gap.html", **context)


@router.get("/gaps/{id}/articles")
async def targets(id: int, view: Editor, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show articles that the cluster may be merged into."""
    async with transaction() as session:
        found = await gaps.get(session, id)
        hits = [each.article for each in await kb.search(session, q, limit=NEAREST)] if q.strip() else found.nearest
        return view.page("parts/targets.html", hits=await _nearest(session, hits))


@router.post("/gaps/{id}/write")
async def write(id: int, view: Editor) -> Response:
    """Make a draft from the chosen sentences, or add them to an article's, and open the editor."""
    form = await view.request.form()
    chosen = [int(each) for each in form.getlist("sample") if isinstance(each, str) and each.isdecimal()]
    async with transaction() as session:
        if form.get("then") == "merge":
            article = await drafting.merge(session, id, str(form.get("article", "")), chosen, actor=view.actor)
        else:
            article = await drafting.write(session, id, chosen, actor=view.actor)
    return go_to(f"/knowledge/{article}/edit")


@router.post("/gaps/{id}/dismiss")
async def dismiss(id: int, view: Editor) -> Response:
    """Put a cluster away, with the reason."""
    form = await view.request.form()
    reason, not_ours = str(form.get("reason", ""))[:1000], form.get("then") == "not_ours"
    async with transaction() as session:
        await gaps.dismiss(session, id, reason, not_ours=not_ours, actor=view.actor)
    return go_to("/knowledge/gaps")


@router.post("/gaps/{id}/reopen")
async def reopen(id: int, view: Editor) -> Response:
    """Take a cluster up again."""
    async with transaction() as session:
        await gaps.reopen(session, id, actor=view.actor)
    return go_to(f"/knowledge/gaps/{id}")


@router.post("/doubts")
async def decide(view: Editor) -> Response:
    """Decide whether an article answers what agents doubted."""
    form = await view.request.form()
    article, question = _doubted(form)
    async with transaction() as session:
        if form.get("then") == "confirm":
            await drafting.not_answered(session, article, question, actor=view.actor)
            return go_to(f"/knowledge/{article}/edit?done=saved")
        await drafting.reject(session, article, question, actor=view.actor)
    return go_to("/knowledge/gaps?tab=doubts")


@router.get("/unanswered")
async def unanswered(view: Editor, day: date | None = None) -> Response:
    """List the questions that had no answer, of one day where given."""
    async with transaction() as session:
        asked = await questions.listing(session, since=day, until=day, limit=QUESTIONS)
    return view.page("asked.html", asked=asked, answered=False, day=day, titles={})


@router.get("/answered")
async def answered(view: Editor) -> Response:
    """List the questions that were answered, and by what."""
    async with transaction() as session:
        since = (await usage.figures(session)).since
        asked = await questions.listing(session, since=since, answered=True, limit=QUESTIONS)
        titles = await _titles(session, [each.article for each in asked])
    return view.page("asked.html", asked=asked, answered=True, day=None, titles=titles)


@router.get("/rated")
async def rated(view: Editor, by: str = "need") -> Response:
    """List articles by what citizens and agents said of them."""
    async with transaction() as session:
        found = await usage.rated(session, by_use=by == "use")
    return view.page("rated.html", rated=found, by="use" if by == "use" else "need")


@router.get("/conflicts")
async def conflicts(view: Editor) -> Response:
    """Show pairs of articles that contradict each other, side by side."""
    async with transaction() as session:
        found = [await _pair(session, each) for each in await kb.conflicts(session)]
    return view.page("conflicts.html", pairs=found)


async def overview(session: AsyncSession) -> dict[str, Any]:
    """Return what editors see above the articles."""
    return {
        "figures": await usage.figures(session),
        "top": await gaps.listing(session, TABS["open"], limit=TOP),
        "conflicts": len(await kb.conflicts(session)),
        "doubted": len(await feedback.doubts(session)),
    }


async def _pair(session: AsyncSession, each: Conflict) -> dict[str, Any]:
    return {
        "conflict": each,
        "sides": [
            (await _side(session, each.first, each.kind), each.first_says),
            (await _side(session, each.second, each.kind), each.second_says),
        ],
    }


async def _side(session: AsyncSession, id: str, kind: str) -> dict[str, Any]:
    article = await articles.get(session, id)
    found = [each for each in passages.split(article.body) if sections.kind_of(each.section) == kind]
    said = next((each for each in found if bool(each.section) == bool(kind)), None)
    return {"article": article, "section": said.section if said else "", "text": said.text if said else ""}


async def _nearest(session: AsyncSession, ids: list[str]) -> list[Article]:
    found = [await reading.article_of(session, id) for id in ids]
    return [each for each in found if each is not None]


async def _titles(session: AsyncSession, ids: list[str]) -> dict[str, str]:
    found = [await reading.article_of(session, id) for id in dict.fromkeys(filter(None, ids))]
    return {each.id: each.title for each in found if each is not None}


def _doubted(form: FormData) -> tuple[str, int]:
    question = str(form.get("question", ""))
    if not question.isdecimal():
        raise BadInput("请求的内容不对，请检查后再提交。")
    return str(form.get("article", "")), int(question)

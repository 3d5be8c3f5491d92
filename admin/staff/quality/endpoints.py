"""REST: findings listed, counted, written out and decided; hints for a reply that is being written."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from admin.staff.access import Staffed
from admin.staff.pages.drawing import reads_tickets
from admin.staff.quality import asking
from admin.staff.quality.rates import admit
from admin.staff.quality.views import Decided, FindingView, LessonView, Numbers, lesson_of, view
from admin.staff.refusals import refusals
from admin.staff.tickets.bodies import Body, Reason
from core.auth import Actor
from core.database import transaction
from core.errors import Forbidden
from core.privacy import mask_text
from routing import quality
from routing.messages import say
from routing.quality import Narrowed, lessons

router = APIRouter(
    prefix="/api/v1/staff/quality", tags=["staff: quality"], responses=refusals(400, 401, 403, 404, 409, 422, 429, 503)
)

Id = Annotated[int, Path(ge=1, le=2**62)]
State = Annotated[str, Query(max_length=20, description="open, quiet, confirmed or dismissed.")]


async def _reader(actor: Staffed) -> Actor:
    if not reads_tickets(actor):
        raise Forbidden(say("refused.permission"))
    return actor


Reader = Annotated[Actor, Depends(_reader)]


async def _asked(
    state: State = "open",
    check: Annotated[str, Query(max_length=40)] = "",
    department: Annotated[str, Query(max_length=64)] = "",
    category: Annotated[str, Query(max_length=64, description="Of the first level.")] = "",
) -> Narrowed:
    return asking.narrowed(state=state, check=check, department=department, category=category)


Asked = Annotated[Narrowed, Depends(_asked)]


class Findings(BaseModel):
    """A page of findings, newest first; `next`: the `before` of the page after it."""

    findings: list[FindingView]
    next: int | None


class Learnt(BaseModel):
    """Kinds of findings that are not shown unasked, because people dismissed them."""

    lessons: list[LessonView]


class Deciding(Body):
    """Why; the department reads it."""

    reason: Reason


class Writing(Body):
    """A reply that is being written, and to which ticket."""

    number: Annotated[str, Field(max_length=100)]
    result: Annotated[str, Field(max_length=10_000)]
    basis: Annotated[str, Field(max_length=2000)] = ""


class HintView(BaseModel):
    """What a reply leaves to be desired, with the words that it stands on."""

    check: str
    words: list[str]
    value: str


class Hints(BaseModel):
    """Hints refuse nothing."""

    hints: list[HintView]


@router.get("/findings")
async def list_findings(
    actor: Reader,
    asked: Asked,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Findings:
    """List findings, newest first: the centre's of all tickets that you see, a department's on its own replies."""
    async with transaction() as session:
        found = await quality.listing(session, asked, actor=actor, limit=limit + 1, before=before)
    shown = [view(each) for each in found[:limit]]
    return Findings(findings=shown, next=shown[-1].id if len(found) > limit else None)


@router.get(
    "/findings/export",
    response_class=StreamingResponse,
    responses={200: {"description": "CSV in UTF-8", "content": {"text/csv": {}}}},
)
async def export(actor: Reader, asked: Asked) -> StreamingResponse:
    """Return all of them as CSV, without a word of anybody's."""
    return StreamingResponse(
        asking.written(asked, actor),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="quality-{asked.state}.csv"',
            "Cache-Control": "no-store",
        },
    )


@router.get("/numbers")
async def numbers(actor: Reader, state: State = "open") -> Numbers:
    """Return how many findings stand so; each number is the length of its list."""
    asked = asking.narrowed(state=state)
    async with transaction() as session:
        return Numbers(
            checks=await quality.by_check(session, actor=actor, state=asked.state),
            departments=await quality.by_department(session, actor=actor, state=asked.state),
        )


@router.get("/lessons")
async def list_lessons(actor: Staffed) -> Learnt:
    """List what was dismissed so often that it is kept, but no longer shown unasked; for supervisors."""
    async with transaction() as session:
        return Learnt(lessons=[lesson_of(each) for each in await lessons.listing(session, actor=actor)])


@router.post("/findings/{id}/confirm")
async def confirm(id: Id, body: Deciding, actor: Staffed) -> Decided:
    """Confirm a finding; for supervisors."""
    return await _decide(id, actor, confirmed=True, reason=body.reason)


@router.post("/findings/{id}/dismiss")
async def dismiss(id: Id, body: Deciding, actor: Staffed) -> Decided:
    """Dismiss a finding; for supervisors. Dismissals of a kind teach what is not worth showing."""
    return await _decide(id, actor, confirmed=False, reason=body.reason)


@router.post("/hints")
async def hint(body: Writing, actor: Staffed) -> Hints:
    """Return what a reply that is being written leaves to be desired; nothing is kept. At most one a second."""
    admit(actor)
    async with transaction() as session:
        found = await quality.hints(session, body.number, actor=actor, result=body.result, basis=body.basis)
    return Hints(hints=[HintView(check=each.check, words=list(each.words), value=each.value) for each in found])


async def _decide(id: int, actor: Actor, *, confirmed: bool, reason: str) -> Decided:
    async with transaction() as session:
        finding = await quality.decide(session, id, actor=actor, confirmed=confirmed, reason=reason)
        return Decided(id=finding.id, state=finding.state, reason=mask_text(finding.reason or ""))

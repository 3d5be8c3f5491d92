"""REST: figures, the tickets behind each number, and what a supervisor leaves out of them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from admin.staff.access import Staffed
from admin.staff.figures import asking
from admin.staff.refusals import refusals
from admin.staff.tickets.bodies import Body, Reason
from core.database import transaction
from core.privacy import mask_text
from routing import figures

router = APIRouter(
    prefix="/api/v1/staff", tags=["staff: figures"], responses=refusals(400, 401, 403, 404, 409, 422, 503)
)

Day = Annotated[date, Query(description="Of the city's calendar.")]
Dimension = Annotated[
    Literal["all", "department", "district", "category", "channel"], Query(description="Narrow to one of these …")
]
Value = Annotated[str, Query(max_length=100, description="… with this code; empty: where there is none.")]
Part = Literal["numerator", "denominator", "excluded"]


class FiguresView(BaseModel):
    """The figures of a time, the same of the time before, and of each part where asked for."""

    whole: dict[str, Any]
    before: dict[str, Any]
    parts: list[dict[str, Any]]


class EntryView(BaseModel):
    """A ticket behind a number."""

    number: str
    title: str
    state: str
    request_type: str
    category: str | None
    department: str | None
    district: str | None
    channel: str
    opened_at: datetime
    counts_as: str = Field(description="yes, no, or the code of the reason for which it is excluded.")


class ListView(BaseModel):
    """A page of the tickets behind a number; `total` is the number."""

    tickets: list[EntryView]
    total: int
    reasons: dict[str, int] = Field(description="Of excluded tickets: how many for each reason.")
    next: int | None


class Excluding(Body):
    """Why a ticket is not to count: a reason of the city's list, and a sentence."""

    reason: Annotated[str, Field(max_length=40)]
    note: Reason


class Including(Body):
    """Why a ticket counts again."""

    note: Reason


class Counted(BaseModel):
    """Whether the ticket counts."""

    number: str
    excluded: str | None = Field(description="The code of the reason for which a person left it out.")


@router.get("/figures")
async def read_figures(
    actor: Staffed,
    start: Day,
    end: Day,
    dimension: Dimension = "all",
    value: Value = "",
    by: Literal["department", "district", "category", "channel", "day"] | None = None,
) -> FiguresView:
    """Return rates and counts: a supervisor's of the whole line, a department's its own. `as_of`: up to when."""
    first, last = asking.days(start.isoformat(), end.isoformat())
    narrowed: dict[str, Any] = dict(
        zip(("dimension", "value"), figures.scope(actor, dimension, value), strict=True), start=first, end=last
    )
    if by not in (None, "day"):
        figures.scope(actor, by or "", "")  # a department has no others beside it
    async with transaction() as session:
        return FiguresView(
            whole=await figures.rates(session, **narrowed),
            before=await figures.before(session, **narrowed),
            parts=await figures.parts(session, by=by, **narrowed) if by else [],
        )


async def _asked(
    actor: Staffed,
    figure: str,
    part: Part,
    start: Day,
    end: Day,
    dimension: Dimension = "all",
    value: Value = "",
    reason: Annotated[str, Query(max_length=40)] = "",
) -> figures.Asked:
    """Return which number is asked about."""
    return asking.asked(
        actor,
        figure,
        part,
        start=start.isoformat(),
        end=end.isoformat(),
        dimension=dimension,
        value=value,
        reason=reason,
    )


Asked = Annotated[figures.Asked, Depends(_asked)]


@router.get("/figures/{figure}/{part}")
async def read_tickets(
    asked: Asked,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> ListView:
    """Return the tickets behind a number."""
    async with transaction() as session:
        page = await figures.page(session, asked, limit=limit, skip=skip)
        reasons = await figures.reasons(session, asked) if asked.part == "excluded" else {}
    return ListView(
        tickets=[
            EntryView.model_validate({name: getattr(each, name) for name in EntryView.model_fields}).model_copy(
                update={"title": mask_text(each.title)}
            )
            for each in page.entries
        ],
        total=page.total,
        reasons=reasons,
        next=skip + limit if skip + limit < page.total else None,
    )


@router.get(
    "/figures/{figure}/{part}/export",
    response_class=StreamingResponse,
    responses={200: {"description": "CSV in UTF-8", "content": {"text/csv": {}}}},
)
async def export(asked: Asked) -> StreamingResponse:
    """Return all tickets behind a number as CSV, without titles or any other words of people."""
    name = f"{asked.figure}-{asked.part}-{asked.start}-{asked.end}.csv"
    return StreamingResponse(
        asking.written(asked),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@router.post("/tickets/{number}/exclude")
async def exclude(number: Annotated[str, Path(max_length=100)], body: Excluding, actor: Staffed) -> Counted:
    """剔除: leave a ticket out of the figures that the reason names; the department reads who, when and why."""
    async with transaction() as session:
        ticket = await figures.exclude(session, number, actor=actor, reason=body.reason, note=body.note)
        return Counted(number=ticket.number, excluded=body.reason)


@router.post("/tickets/{number}/include")
async def include(number: Annotated[str, Path(max_length=100)], body: Including, actor: Staffed) -> Counted:
    """Let an excluded ticket count again."""
    async with transaction() as session:
        ticket = await figures.include(session, number, actor=actor, note=body.note)
        return Counted(number=ticket.number, excluded=None)

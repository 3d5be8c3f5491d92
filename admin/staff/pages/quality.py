"""Pages: findings of the quality check on all tickets, and hints while a reply is being written."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import StreamingResponse

from admin.staff.pages import choices, drawing
from admin.staff.pages.route import PageRoute, View
from admin.staff.quality import asking, endpoints
from admin.staff.quality.rates import admit
from admin.staff.quality.views import category_name
from core.auth import Permission
from core.database import transaction
from core.errors import Forbidden, TooMany
from routing import quality
from routing.messages import say
from routing.quality import lessons

ROWS = 30

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/supervision/quality")
async def findings(
    view: View,
    state: Annotated[str, Query(max_length=20)] = "open",
    check: Annotated[str, Query(max_length=40)] = "",
    department: Annotated[str, Query(max_length=64)] = "",
    category: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """List findings: the centre all, a department those on its own replies."""
    _reader(view)
    asked = asking.narrowed(state=state, check=check, department=department, category=category)
    actor = view.actor
    async with transaction() as session:
        shown = await quality.listing(session, asked, actor=actor, limit=ROWS + 1, before=before)
        numbers = await quality.by_check(session, actor=actor, state=state, department=department)
        learnt = await lessons.listing(session, actor=actor) if _teaches(view, state) else []
    return view.page(
        "quality.html",
        asked=asked,
        shown=shown[:ROWS],
        more=shown[ROWS - 1].finding.id if len(shown) > ROWS else None,
        numbers=numbers,
        lessons=learnt,
        nobody=quality.NOBODY,
        states=quality.STANDS,
        category_name=category_name,
        department_groups=choices.department_groups(view.locale),
    )


@router.get("/supervision/quality/departments")
async def departments(view: View, state: Annotated[str, Query(max_length=20)] = "open") -> Response:
    """Show how many findings each department has; every number opens into its list."""
    _reader(view)
    asked = asking.narrowed(state=state)
    async with transaction() as session:
        found = await quality.by_department(session, actor=view.actor, state=asked.state)
    present = {check for numbers in found.values() for check in numbers}
    checks = [check for check in quality.CHECKS if check in present]
    return view.page(
        "quality_departments.html",
        asked=asked,
        departments=found,
        checks=checks,
        read=quality.READ,
        nobody=quality.NOBODY,
        states=quality.STANDS,
    )


@router.get("/supervision/quality/export")
async def export(
    view: View, state: str = "open", check: str = "", department: str = "", category: str = ""
) -> StreamingResponse:
    """Write the findings out as CSV, without a word of anybody's."""
    _reader(view)
    asked = asking.narrowed(state=state, check=check, department=department, category=category)
    return await endpoints.export(view.actor, asked)


@router.post("/supervision/quality/{id}")
async def decide(
    id: int, view: View, then: Annotated[str, Form()], reason: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Confirm or dismiss a finding."""
    async with transaction() as session:
        finding = await quality.decide(session, id, actor=view.actor, confirmed=then == "confirm", reason=reason)
        return view.page("parts/decided.html", finding=finding)


@router.post("/supervision/hints/{number}")
async def hints(
    number: str,
    view: View,
    result: Annotated[str, Form(max_length=10_000)] = "",
    basis: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Show what a reply that is being written leaves to be desired; nothing is refused for it."""
    try:
        admit(view.actor)
    except TooMany as refused:  # said where the hints would stand: the reply itself is not refused
        return view.page("parts/hints.html", hints=[], refused=refused.sentence)
    async with transaction() as session:
        found = await quality.hints(session, number, actor=view.actor, result=result, basis=basis)
    return view.page("parts/hints.html", hints=found, refused="")


def _reader(view: View) -> None:
    if not drawing.reads_tickets(view.actor):
        raise Forbidden(say("refused.permission"))


def _teaches(view: View, state: str) -> bool:
    return state == "quiet" and view.actor.may(Permission.TICKET_RULE)

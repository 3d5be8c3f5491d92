"""Pages: findings of the quality check on all tickets, and hints while a reply is being written."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from admin.staff.pages import choices, drawing
from admin.staff.pages.route import PageRoute, View
from core.database import transaction
from core.errors import BadInput, Forbidden
from routing import quality
from routing.messages import say
from routing.quality.findings import STANDS

ROWS = 30

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/supervision/quality")
async def findings(
    view: View,
    state: str = "open",
    check: str = "",
    department: Annotated[str, Query(max_length=64)] = "",
    before: int | None = None,
) -> Response:
    """List findings: the centre all, a department those on its own tickets."""
    if not drawing.reads_tickets(view.actor):
        raise Forbidden(say("refused.permission"))
    if state not in STANDS or (check and check not in quality.CHECKS):
        raise BadInput(say("refused.no_finding"))
    async with transaction() as session:
        numbers = await quality.numbers(session, actor=view.actor, state=state, department=department)
        shown = await quality.listing(
            session,
            actor=view.actor,
            state=state,
            check=check,
            department=department,
            limit=ROWS + 1,
            before=before,
        )
    return view.page(
        "quality.html",
        shown=shown[:ROWS],
        more=shown[ROWS - 1].finding.id if len(shown) > ROWS else None,
        numbers=numbers,
        state=state,
        states=STANDS,
        check=check,
        chosen=department,
        department_groups=choices.department_groups(view.locale),
    )


@router.post("/supervision/quality/{id}")
async def decide(id: int, view: View, then: Annotated[str, Form()], reason: Annotated[str, Form()] = "") -> Response:
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
    async with transaction() as session:
        found = await quality.hints(session, number, actor=view.actor, result=result, basis=basis)
    return view.page("parts/hints.html", hints=found)

"""Pages: the figures of a time with what they are compared with, and the tickets behind each number."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.figures import asking
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from core.auth import Permission
from core.database import transaction
from core.errors import BadInput
from routing import figures
from routing.figures import Asked
from routing.messages import say
from routing.step_words import exclusion_name

ROWS = 50
BY = ("department", "district", "category", "channel", "day")

router = APIRouter(prefix="/supervision/figures", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def shown(
    view: View, start: str = "", end: str = "", by: str = "department", dimension: str = "all", value: str = ""
) -> Response:
    """Show every figure of a time, beside the time before, and by department, district, category, channel or day."""
    dimension, value = figures.scope(view.actor, dimension, value)
    if dimension != "all":
        by = "day"
    try:
        first, last = asking.days(start, end)
        async with transaction() as session:
            found = await _figures(session, by, {"start": first, "end": last, "dimension": dimension, "value": value})
    except BadInput as refused:  # the form keeps what was entered
        context = {"start": start, "end": end, "refused": refused.sentence, "whole": None}
        return view.page("figures.html", status=refused.status, **_frame(view, by, dimension, value), **context)
    context = {"start": first.isoformat(), "end": last.isoformat(), "refused": ""}
    return view.page("figures.html", **_frame(view, by, dimension, value), **context, **found)


@router.get("/{figure}/{part}")
async def tickets(
    figure: str,
    part: str,
    view: View,
    start: str = "",
    end: str = "",
    dimension: str = "all",
    value: str = "",
    reason: str = "",
    skip: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> Response:
    """Show the tickets behind a number."""
    asked = _asked(view, figure, part, start, end, dimension, value, reason)
    async with transaction() as session:
        page = await figures.page(session, asked, limit=ROWS, skip=skip)
        reasons = await figures.reasons(session, asked) if asked.part == "excluded" else {}
    return view.page(
        "figure.html",
        asked=asked,
        page=page,
        reasons=reasons,
        skip=skip,
        rows=ROWS,
        query=_query(asked),
        name=say(f"figure.{figure}", view.locale),
        meaning=say(f"figure.{figure}.is", view.locale),
        narrowed=asking.value_name(asked.dimension, asked.value),
        share=(figures.get(figure) or figures.FIGURES[0]).share,
        reason_name=exclusion_name,
        given=figures.given() if view.actor.may(Permission.TICKET_RULE) else [],
    )


@router.get("/{figure}/{part}/export")
async def export(
    figure: str,
    part: str,
    view: View,
    start: str = "",
    end: str = "",
    dimension: str = "all",
    value: str = "",
    reason: str = "",
) -> StreamingResponse:
    """Give the list as CSV."""
    asked = _asked(view, figure, part, start, end, dimension, value, reason)
    return StreamingResponse(
        asking.written(asked),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{figure}-{part}-{asked.start}-{asked.end}.csv"'},
    )


@router.post("/tickets/{number}/{command}")
async def decide(number: str, command: str, view: View) -> Response:
    """Leave a ticket out of the figures, or take it in again."""
    form = await view.request.form()
    note, reason = str(form.get("note", ""))[:1000], str(form.get("reason", ""))
    async with transaction() as session:
        if command == "exclude":
            await figures.exclude(session, number, actor=view.actor, reason=reason, note=note)
        else:
            await figures.include(session, number, actor=view.actor, note=note)
    return go_to(f"/workbench/{number}")


async def _figures(session: AsyncSession, by: str, narrowed: dict[str, Any]) -> dict[str, Any]:
    parts = await figures.parts(session, by=by, **narrowed)
    return {
        "whole": await figures.rates(session, **narrowed),
        "before": await figures.before(session, **narrowed),
        "parts": parts,
    }


def _frame(view: Viewer, by: str, dimension: str, value: str) -> dict[str, Any]:
    return {
        "by": by,
        "choices": BY,
        "dimension": dimension,
        "value": value,
        "narrowed": asking.value_name(dimension, value),
        "free": view.actor.may(Permission.TICKET_RULE),
        "counts": figures.COUNTS,
        "rates": figures.RATES,
        "days": asking.DAYS,
        "value_name": asking.value_name,
        "routing_say": lambda key: say(key, view.locale),
    }


def _asked(
    view: Viewer, figure: str, part: str, start: str, end: str, dimension: str, value: str, reason: str
) -> Asked:
    return asking.asked(view.actor, figure, part, start=start, end=end, dimension=dimension, value=value, reason=reason)


def _query(asked: Asked) -> str:
    return urlencode(
        {
            "start": asked.start,
            "end": asked.end,
            "dimension": asked.dimension,
            "value": asked.value,
            "reason": asked.reason,
        }
    )

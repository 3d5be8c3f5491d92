"""Page: the clocks that run down, of which this office has been told."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.pages import drawing
from admin.staff.pages.route import PageRoute, View, Viewer
from admin.staff.warnings.reading import shown
from core.database import transaction
from core.errors import Forbidden
from routing import warnings

ROWS = 50

router = APIRouter(prefix="/warnings", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def page(view: View, part: bool = False) -> Response:
    """List the warnings, newest first."""
    _must_read(view)
    async with transaction() as session:
        context = await _list(session, view)
    return view.page("parts/warnings.html" if part else "warnings.html", **context)


@router.post("/seen")
async def see(view: View) -> Response:
    """Take the warnings that were shown, or one of them, from the list."""
    _must_read(view)
    form = await view.request.form()
    chosen = form.getlist("only") or form.getlist("clock")
    ids = [int(each) for each in chosen if isinstance(each, str) and each.isdecimal()]
    async with transaction() as session:
        await warnings.see(session, ids[:ROWS], actor=view.actor)
        context = await _list(session, view)
    return view.page("parts/warnings.html", **context)


def _must_read(view: Viewer) -> None:
    if not drawing.reads_tickets(view.actor):
        raise Forbidden("您的账号没有这项权限，请联系管理员。")


async def _list(session: AsyncSession, view: Viewer) -> dict[str, Any]:
    found = await warnings.listing(session, actor=view.actor, limit=ROWS)
    return {
        "warned": [shown(each, view.locale) for each in found],
        "total": await warnings.count(session, actor=view.actor),
        "counted": warnings.COUNTED,
    }

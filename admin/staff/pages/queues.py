"""Page: the queues for a person, as a supervisor sees them."""

from typing import Literal

from fastapi import APIRouter, Response

from admin.staff.conversations import supervising
from admin.staff.pages.route import PageRoute, View
from bot import handover
from core.auth import Permission
from core.database import transaction

router = APIRouter(prefix="/supervision/queues", route_class=PageRoute, include_in_schema=False)


@router.get("/figures")
async def figures(view: View) -> Response:
    """Show the desks' figures, as a part of the supervision page."""
    view.must(Permission.TICKET_RULE)
    async with transaction() as session:
        return view.page("parts/queues.html", queues=await supervising.queues(session, locale=view.locale))


@router.get("")
async def listed(
    view: View, desk: str | None = None, show: Literal["waiting", "gave_up"] = "waiting", part: bool = False
) -> Response:
    """Show who waits at a desk, or who gave up there today: the first of them, and how many they are."""
    view.must(Permission.TICKET_RULE)
    async with transaction() as session:
        wishes: list[object]
        if show == "waiting":
            wishes = [*await handover.waiting(session, desk=supervising.known_desk(desk))]
        else:
            wishes = [*await supervising.given_up(session, desk)]
        queues = await supervising.queues(session, locale=view.locale)
    name = view.say("queues") if desk is None else supervising.desk_name(desk, view.locale)
    names = {each.desk: each.name for each in queues}
    total = sum(getattr(each, show) for each in queues if desk in (None, each.desk))
    shown = {"wishes": wishes, "total": total, "queues": queues, "desk": desk, "show": show}
    return view.page("parts/wishes.html" if part else "queues.html", **shown, name=name, names=names)

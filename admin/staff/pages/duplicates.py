"""Pages: tickets that are probably one matter, of the whole centre and beside one ticket."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.duplicates.views import views
from admin.staff.pages.route import PageRoute, View, Viewer, go_to, is_part
from core.auth import Permission
from core.database import transaction
from core.errors import BadInput
from routing import commands, nearby, suspected, tickets
from routing.models import Ticket
from routing.rules import rules

ROWS = 20

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/duplicates")
async def listing(view: View, after: Annotated[str, Query(max_length=80)] = "") -> Response:
    """List pairs, the likeliest first."""
    async with transaction() as session:
        shown = await _shown(session, view, after)
    return view.page("duplicates.html", done="", **shown)


@router.post("/duplicates/{first}/{second}")
async def settle(first: str, second: str, view: View) -> Response:
    """Merge the later ticket into the earlier, or say that they are two matters; show the list as it is then."""
    form = await view.request.form()
    then = str(form.get("then", ""))
    async with transaction() as session:
        await _settle(session, view, second, first, then)
        shown = await _shown(session, view, str(form.get("after", "")))
    return view.page("parts/duplicates.html", done=then, number=second, other=first, **shown)


@router.get("/workbench/{number}/similar")
async def similar(number: str, view: View) -> Response:
    """Show open tickets that are probably on the same matter as one: on its page, or by themselves."""
    view.must(Permission.TICKET_READ_ALL)
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=view.actor)
        found = []
        if "merge" in await tickets.allowed(session, ticket, actor=view.actor) and ticket.encoder:
            vector = (await session.scalars(select(Ticket.embedding).where(Ticket.id == ticket.id))).one()
            found = await nearby.alike(session, ticket, vector, least=rules().near.suspected_from)
    return view.page("parts/similar.html" if is_part(view.request) else "similar.html", ticket=ticket, similar=found)


@router.post("/workbench/{number}/similar")
async def judge(number: str, view: View) -> Response:
    """Merge a ticket into another of the same matter, or say that they are two matters."""
    form = await view.request.form()
    then = "apart" if form.get("apart") else "merge"
    async with transaction() as session:
        await _settle(session, view, number, str(form.get("apart") or form.get("into") or ""), then)
    return go_to(f"/workbench/{number}")


async def _settle(session: AsyncSession, view: Viewer, number: str, other: str, then: str) -> None:
    if then == "merge":
        await commands.merge(session, number, actor=view.actor, into=other, reason=view.say("similar.reason"))
    elif then == "apart":
        await commands.tell_apart(session, number, actor=view.actor, other=other)
    else:
        raise BadInput("没有这个操作。")


async def _shown(session: AsyncSession, view: Viewer, after: str) -> dict[str, Any]:
    found = await suspected.listing(session, actor=view.actor, limit=ROWS + 1, after=after)
    if not found and after:  # what was settled was the last page
        return await _shown(session, view, "")
    one, apart = await suspected.agreed(session, actor=view.actor)
    return {
        "pairs": await views(session, found[:ROWS], locale=view.locale),
        "agreed": one,
        "told_apart": apart,
        "after": after,
        "next": found[ROWS - 1].mark if len(found) > ROWS else None,
    }

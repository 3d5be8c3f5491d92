"""Pages: topics over time with their warnings."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from admin.staff.tickets import reading as tickets_reading
from admin.staff.topics.views import view as topic_view
from core.database import transaction
from core.errors import BadInput
from routing import agenda, commands, growing
from routing.growing import reading

ROWS = 50

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/supervision/topics")
async def listing(
    view: View, closed: bool = False, skip: Annotated[int, Query(ge=0)] = 0, part: bool = False
) -> Response:
    """List topics, the hottest first."""
    async with transaction() as session:
        found = await growing.listing(session, actor=view.actor, closed=closed, limit=ROWS + 1, skip=skip)
    shown = [topic_view(each) for each in found[:ROWS]]
    following = skip + ROWS if len(found) > ROWS else None
    return view.page("parts/topics.html" if part else "topics.html", topics=shown, closed=closed, next=following)


@router.get("/supervision/topics/warnings")
async def warnings(view: View) -> Response:
    """Show the warnings that nobody has acknowledged."""
    async with transaction() as session:
        found = [topic_view(each) for each in await growing.warned(session, actor=view.actor)]
    return view.page("parts/topic_warnings.html", warned=found)


@router.get("/supervision/topics/{id}")
async def topic(id: Id, view: View) -> Response:
    """Show one topic: its days, districts, departments and tickets."""
    return await _page(view, id)


@router.post("/supervision/topics/{id}/{command}")
async def give(id: Id, command: str, view: View) -> Response:
    """Acknowledge, close, or merge the chosen tickets of a topic."""
    form = await view.request.form()
    note = str(form.get("note", ""))
    async with transaction() as session:
        match command:
            case "acknowledge":
                await growing.acknowledge(session, id, actor=view.actor, note=note)
            case "close":
                await growing.close(session, id, actor=view.actor, note=note)
            case "merge":
                await growing.find(session, id, actor=view.actor)
                await _merge(session, view, [str(each) for each in form.getlist("number")], note)
            case _:
                raise BadInput("没有这个操作。")
    return go_to(f"/supervision/topics/{id}")


async def _merge(session: AsyncSession, view: Viewer, numbers: list[str], reason: str) -> None:
    """Merge the chosen tickets into the oldest of them."""
    if len(numbers) < 2:
        raise BadInput(view.say("topics.merge.two"))
    first, *others = sorted(set(numbers))
    for number in others:
        await commands.merge(session, number, actor=view.actor, into=first, reason=reason)


async def _page(view: Viewer, id: int) -> Response:
    async with transaction() as session:
        topic = await growing.find(session, id, actor=view.actor)
        if topic.joined_into is not None:
            return RedirectResponse(f"/supervision/topics/{(await reading.last(session, topic)).id}", status_code=303)
        seen, past = await reading.seen(session, topic), await growing.history(session, topic)
        found = await growing.tickets_of(session, topic, actor=view.actor)
        rows = tickets_reading.summaries(await agenda.with_clocks(session, found), locale=view.locale)
    shown: dict[str, Any] = {
        "topic": topic_view(seen),
        "past": past,
        "tickets": rows,
        "by_department": _counted([naming.department(each.lead) or view.say("supervision.centre") for each in found]),
        "by_place": _counted([naming.place(each.district, each.street) or "–" for each in found]),
    }
    return view.page("topic.html", **shown)


def _counted(names: list[str]) -> list[tuple[str, int]]:
    return sorted(((name, names.count(name)) for name in set(names)), key=lambda each: (-each[1], each[0]))

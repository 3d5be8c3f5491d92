"""REST: topics over time and their early warnings, for supervisors."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from admin.staff.access import Staffed
from admin.staff.refusals import refusals
from admin.staff.tickets.bodies import Body, Reason
from admin.staff.topics.views import PastView, TopicView, view
from core.database import transaction
from routing import growing
from routing.growing import reading

router = APIRouter(
    prefix="/api/v1/staff/topics", tags=["staff: topics"], responses=refusals(400, 401, 403, 404, 409, 422, 503)
)

Id = Annotated[int, Path(ge=1, le=2**62)]


class TopicDetail(TopicView):
    """A topic with its tickets, the newest first, and its history, the oldest first."""

    tickets: list[str]
    history: list[PastView]


class Topics(BaseModel):
    """Topics, the hottest first."""

    topics: list[TopicView]


class Note(Body):
    """Who does what about it."""

    note: Reason


@router.get("")
async def list_topics(
    actor: Staffed,
    closed: bool = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Topics:
    """List the open topics, the hottest first; or those that were closed."""
    async with transaction() as session:
        found = await growing.listing(session, actor=actor, closed=closed, limit=limit, skip=skip)
    return Topics(topics=[view(each) for each in found])


@router.get("/{id}")
async def get_topic(id: Id, actor: Staffed) -> TopicDetail:
    """Return one topic with the numbers of its tickets that you see."""
    async with transaction() as session:
        topic = await growing.find(session, id, actor=actor)
        tickets = await growing.tickets_of(session, topic, actor=actor)
        shown = view(await reading.seen(session, topic))
        past = await growing.history(session, topic)
    return TopicDetail(
        **shown.model_dump(),
        tickets=[each.number for each in tickets],
        history=[PastView(at=each.at, kind=each.kind, other=each.other, size=each.size) for each in past],
    )


@router.post("/{id}/acknowledge")
async def acknowledge(id: Id, body: Note, actor: Staffed) -> TopicView:
    """Acknowledge the warning and say who does what."""
    async with transaction() as session:
        return view(await reading.seen(session, await growing.acknowledge(session, id, actor=actor, note=body.note)))


@router.post("/{id}/close")
async def close(id: Id, body: Note, actor: Staffed) -> TopicView:
    """Close a topic: what is reported from now on founds another."""
    async with transaction() as session:
        return view(await reading.seen(session, await growing.close(session, id, actor=actor, note=body.note)))

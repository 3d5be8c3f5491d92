"""REST: negotiations of unclear duties. The centre opens and decides, departments state their positions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from admin.staff.access import Staffed
from admin.staff.negotiations.views import (
    DecideBody,
    DropBody,
    NegotiationSummary,
    NegotiationView,
    OpenBody,
    PositionBody,
    detail,
    opened,
    summary,
)
from admin.staff.refusals import refusals
from core.database import transaction
from routing import negotiated, negotiations

router = APIRouter(
    prefix="/api/v1/staff/negotiations",
    tags=["staff: negotiations"],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("")
async def list_negotiations(
    actor: Staffed,
    state: Literal["open", "decided", "dropped"] | None = None,
    category: Annotated[str | None, Query(max_length=200, description="This category and those below it.")] = None,
    department: Annotated[str, Query(max_length=64, description="Asked, or decided to lead.")] = "",
) -> list[NegotiationSummary]:
    """List negotiations, newest first: the centre all, a department those it was asked in."""
    async with transaction() as session:
        found = await negotiated.listing(session, actor=actor, state=state, category=category, department=department)
        return [summary(each) for each in found]


@router.post("", status_code=201)
async def open(body: OpenBody, actor: Staffed) -> NegotiationView:
    """Open a negotiation on a ticket."""
    async with transaction() as session:
        made = await negotiations.open(
            session,
            body.ticket,
            actor=actor,
            participants=body.participants,
            question=body.question,
            first_receiver=body.first_receiver,
        )
        return await detail(session, made)


@router.get("/{negotiation}")
async def get(negotiation: Id, actor: Staffed) -> NegotiationView:
    """Return one negotiation with the matter and what was said. 404 for who was not asked."""
    async with transaction() as session:
        return await opened(session, negotiation, actor=actor)


@router.post("/{negotiation}/position")
async def state_position(negotiation: Id, body: PositionBody, actor: Staffed) -> NegotiationView:
    """Say for your department whether the matter is its duty."""
    async with transaction() as session:
        await negotiations.state_position(session, negotiation, actor=actor, **body.model_dump())
        return await detail(session, await negotiated.find(session, negotiation, actor=actor))


@router.post("/{negotiation}/decision")
async def decide(negotiation: Id, body: DecideBody, actor: Staffed) -> NegotiationView:
    """Decide who leads and who helps: the ticket goes there, and the row is written where asked."""
    async with transaction() as session:
        return await detail(session, await negotiations.decide(session, negotiation, actor=actor, **body.model_dump()))


@router.post("/{negotiation}/drop")
async def drop(negotiation: Id, body: DropBody, actor: Staffed) -> NegotiationView:
    """End a negotiation without a decision."""
    async with transaction() as session:
        return await detail(session, await negotiations.drop(session, negotiation, actor=actor, reason=body.reason))

"""REST: what has happened to a department's tickets, in order and without gaps, for its own system."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from admin.staff.refusals import refusals
from admin.staff.systems.token import TAG
from admin.staff.systems.who import System
from channels.webhooks.payload import payloads
from core.database import transaction
from routing import feed

router = APIRouter(prefix="/api/v1/systems", tags=[TAG], responses=refusals(401, 403, 410, 422, 503))

EVENT: dict[str, Any] = {
    "id": "evt_481",
    "sequence": 1207,
    "type": "ticket.dispatched",
    "timestamp": "2026-11-22T02:22:00+00:00",
    "data": {
        "number": "20261122-000017",
        "version": 2,
        "state": "dispatched",
        "department": "urban_management",
        "by": "staff",
        "clocks": [{"kind": "accept", "due_at": "2026-11-23T09:30:00+00:00", "provisional": False, "paused": False}],
    },
    "links": {"ticket": "https://12345.example.gov.cn/api/v1/staff/tickets/20261122-000017"},
}


class ClockEnd(BaseModel):
    """A running clock of the ticket, as it stands when you read this."""

    kind: str = Field(description="accept, contact, resolve, callback.")
    due_at: datetime
    provisional: bool = Field(description="A year's holiday notice is not out yet; the moment may still move.")
    paused: bool = Field(description="It stands still: the ticket is suspended, and `due_at` moves when it is resumed.")


class EventData(BaseModel):
    """Which ticket, and how it stood after this step; nothing personal."""

    number: str
    version: int = Field(description="Grows with every step; the ticket's ETag.")
    state: str
    department: str | None = Field(description="Code of the department that led then; another one: no longer yours.")
    by: str = Field(description="citizen, staff, client (a department's system), system.")
    clocks: list[ClockEnd]


class TicketEvent(BaseModel):
    """One step of one ticket. The same object is the body of a webhook, whose webhook-id is `id`."""

    model_config = ConfigDict(json_schema_extra={"example": EVENT})

    id: str = Field(description="The same for the same step, however often you hear of it.")
    sequence: int = Field(description="Grows; a department's steps are told in this order here.")
    type: str = Field(description="ticket.dispatched, ticket.accepted, ticket.urged, ticket.breached …")
    timestamp: datetime
    data: EventData
    links: dict[str, str]


class EventPage(BaseModel):
    """Events in order. Keep `next` when you have worked them off, and ask with it again, at once where `more`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"events": [EVENT], "next": "MTIwNy4xNzk1NDAxNzIw", "more": False}}
    )

    events: list[TicketEvent]
    next: str
    more: bool


@router.get("/events")
async def events(
    actor: System,
    after: Annotated[
        str | None,
        Query(
            description="`next` of the page before; none: from the oldest kept; `latest`: only new ones.", max_length=64
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> EventPage:
    """List the steps of your department's tickets in order, at least once each, none left out; kept for 35 days.

    410: the cursor is older than that: read the list of tickets anew, then go on from `after=latest`.
    """
    assert actor.department is not None
    async with transaction() as session:
        page = await feed.read(session, actor.department, cursor=after, limit=limit)
        told = await payloads(session, actor.department, page.events)
    return EventPage(events=[TicketEvent.model_validate(each) for each in told], next=page.cursor, more=page.more)

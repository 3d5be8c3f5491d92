"""REST: tickets for staff. One route per command of the workflow."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.access import Staffed
from admin.staff.once import OnceRoute
from admin.staff.refusals import refusals
from admin.staff.tickets import bodies, commands, photos, reading
from admin.staff.tickets.opening import OpenTicket, open_ticket
from admin.staff.tickets.views import TicketDetail, TicketPage
from channels.images import MEDIA_TYPES
from core.auth import Actor
from core.database import transaction
from core.settings import settings
from routing import agenda, citizens, tickets
from routing.reading import WAITING
from routing.workflow import STATES

router = APIRouter(
    prefix="/api/v1/staff/tickets",
    tags=["staff: tickets"],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
    route_class=OnceRoute,
)


class OpenedTicket(BaseModel):
    """A new ticket; the code is for the citizen and is not shown again."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"number": "20261122-000017", "code": "482913", "due_at": "2026-11-27T09:30:00Z"}}
    )

    number: str
    code: str
    due_at: datetime | None


class Citizen(BaseModel):
    """Who asked, in clear."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "王建国", "phone": "13800138000"}})

    name: str
    phone: str


LISTED = (*STATES, *WAITING)


@router.get("")
async def list_tickets(
    actor: Staffed,
    state: Annotated[
        str | None, Query(description="A state, or what waits: " + " ".join(LISTED), pattern=f"^({'|'.join(LISTED)})$")
    ] = None,
    department: Annotated[str | None, Query(description="Code of the department that leads.", max_length=64)] = None,
    q: Annotated[str | None, Query(description="Number, citizen's phone (centre only), words of the title.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, description="`next` of the page before.")] = 0,
) -> TicketPage:
    """List the tickets that you see, the nearest end of a clock first: the centre all, a department its own.

    A co-handler reads in `next_clock` when its own part ends; `state=parts` lists what it owes, in that order.
    """
    async with transaction() as session:
        found = await agenda.agenda(
            session, actor=actor, state=state, department=department, query=q, limit=limit + 1, skip=skip
        )
        counts = await tickets.counts(session, actor=actor)
    return TicketPage(
        tickets=reading.summaries(found[:limit], locale=settings().locale),
        counts=counts,
        next=skip + limit if len(found) > limit else None,
    )


@router.post("", status_code=201)
async def open(body: OpenTicket, actor: Staffed) -> OpenedTicket:
    """Open a ticket for a citizen who is on the line: 201 with its number and code."""
    async with transaction() as session:
        opened = await open_ticket(session, body, actor=actor)
        return OpenedTicket(number=opened.ticket.number, code=opened.code, due_at=opened.due_at)


@router.get("/{number}")
async def get_ticket(number: str, actor: Staffed) -> TicketDetail:
    """Return one ticket: masked personal data, clocks, history, what you may do now. 404 for a foreign one."""
    async with transaction() as session:
        return await reading.opened(session, number, actor=actor, locale=settings().locale)


@router.get(
    "/{number}/attachments/{index}",
    response_class=FileResponse,
    responses={200: {"description": "The photo", "content": {kind: {} for kind in MEDIA_TYPES}}},
)
async def read_photo(number: str, index: Annotated[int, Path(ge=1, le=1000)], actor: Staffed) -> FileResponse:
    """Return a photo of a ticket; where and when it was taken is not in it. 404 for a foreign ticket's."""
    async with transaction() as session:
        found = await photos.open_photo(session, number, index, actor=actor)
    # The next person at this desk must not find it.
    return FileResponse(found.path, media_type=found.media_type, headers={"Cache-Control": "no-store"})


@router.post("/{number}/dispatch")
async def dispatch(number: str, body: commands.Dispatch, actor: Staffed) -> TicketDetail:
    """派单: send a new ticket to the department whose duty it is."""
    return await give("dispatch", number, body, actor)


@router.post("/{number}/accept")
async def accept(number: str, actor: Staffed) -> TicketDetail:
    """签收: the department that leads takes the ticket."""
    return await give("accept", number, commands.Accept(), actor)


@router.post("/{number}/contact")
async def contact(number: str, body: commands.Contact, actor: Staffed) -> TicketDetail:
    """联系诉求人: note that the department spoke with the citizen."""
    return await give("contact", number, body, actor)


@router.post("/{number}/return")
async def return_to_centre(number: str, body: commands.Return, actor: Staffed) -> TicketDetail:
    """退单: the department says, with a reason, that it is not its duty."""
    return await give("return", number, body, actor)


@router.post("/{number}/ruling")
async def ruling(number: str, body: commands.Ruling, actor: Staffed) -> TicketDetail:
    """裁定: uphold an objection and name the department instead, or refuse it."""
    return await give("ruling", number, body, actor)


@router.post("/{number}/reassign")
async def reassign(number: str, body: commands.Reassign, actor: Staffed) -> TicketDetail:
    """改派: send it elsewhere; a district sends on to one of its streets."""
    return await give("reassign", number, body, actor)


@router.post("/{number}/correct")
async def correct(number: str, body: commands.Correct, actor: Staffed) -> TicketDetail:
    """更正: set request type, category or urgency right; what is secret stays secret."""
    return await give("correct", number, body, actor)


@router.post("/{number}/reply")
async def reply(number: str, body: commands.Reply, actor: Staffed) -> TicketDetail:
    """答复: say what was done, and on what basis."""
    return await give("reply", number, body, actor)


@router.post("/{number}/callback")
async def callback(number: str, body: commands.Callback, actor: Staffed) -> TicketDetail:
    """回访: enter the citizen's three answers."""
    return await give("callback", number, body, actor)


@router.post("/{number}/call")
async def call(number: str, body: commands.Call, actor: Staffed) -> TicketDetail:
    """回访未成: note a call that brought no answers; the last one that may reach nobody closes the ticket."""
    return await give("call", number, body, actor)


@router.post("/{number}/close")
async def close(number: str, body: commands.Close, actor: Staffed) -> TicketDetail:
    """办结: close a ticket that needs no department, or whose citizen cannot be reached."""
    return await give("close", number, body, actor)


@router.post("/{number}/reveal")
async def reveal(number: str, body: commands.Reveal, actor: Staffed) -> Citizen:
    """Show the citizen's name and number, for a stated reason that the ledger keeps."""
    async with transaction() as session:
        return Citizen.model_validate(await citizens.reveal(session, number, actor=actor, reason=body.reason))


async def give(route: str, number: str, body: bodies.Body, actor: Actor) -> TicketDetail:
    """Carry out a command and return the ticket as it is then."""
    async with transaction() as session:
        await commands.give(session, route, number, actor=actor, body=body)
        return await _shown(session, number, actor)


async def _shown(session: AsyncSession, number: str, actor: Actor) -> TicketDetail:
    return await reading.detail(session, number, actor=actor, locale=settings().locale)

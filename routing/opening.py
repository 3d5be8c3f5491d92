"""Opening a ticket: number, code, citizen, clock, event and jobs in the caller's one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs, rows
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict, NotFound
from core.privacy import mask_text
from core.text.normalise import clean
from intents import RequestType, Urgency
from routing import citizens, merging, steps, timing, whereabouts
from routing.hiding import is_secret, without_author
from routing.messages import say
from routing.models import Ticket
from routing.numbers import code_digest, new_code, next_number
from routing.policy import ClockKind

log = structlog.get_logger()

LONGEST_TITLE = 60  # characters
LONGEST_DESCRIPTION = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a request before it has a number.

    `district`, `street`: codes; `latitude`, `longitude`: degrees; `happened`: when, in the citizen's words;
    `attachments`: `{"kind", "id"}`; `elements`: whatever else the form asked for.
    """

    request_type: str
    category: str | None
    urgency: str
    title: str
    description: str
    channel: str
    address: str | None = None
    district: str | None = None
    street: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    happened: str | None = None
    citizen_name: str | None = None
    citizen_phone: str | None = None
    confidential: bool = False
    sealed: bool = False  # split off from a sealed ticket
    conversation: str | None = None
    attachments: Sequence[Any] = ()
    elements: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new ticket, the code that only its citizen gets (it is not kept), and the time by which it will be done."""

    ticket: Ticket
    code: str
    due_at: datetime | None
    joined: bool = False  # it follows the ticket that it was to join, which is still open


async def open(session: AsyncSession, draft: Draft, *, actor: Actor, join: str | None = None) -> Opened:
    """Open a ticket; a job dispatches it once the caller's transaction has committed.

    `join`: the number of an open ticket on the same matter, which this one follows from the first moment; where that
    has ended meanwhile, or may not be joined, the ticket is an ordinary one.
    Raises BadInput for a draft without words, or with a request type or urgency that does not exist; Forbidden for
    staff who may not open tickets. The resolve clock begins now and begins anew at the first dispatch.
    """
    if actor.role is not None:  # staff, and departments' own systems
        actor.must(Permission.TICKET_OPEN)
    _check(draft)
    words = _words(draft)
    place = _whereabouts(draft)
    (id_, number), code = await next_number(session), new_code()
    ticket = Ticket(
        id=id_,
        number=number,
        code_digest=code_digest(number, code),
        channel=draft.channel,
        conversation=draft.conversation,
        request_type=str(draft.request_type),
        category=draft.category,
        urgency=str(draft.urgency),
        confidential=draft.confidential,
        sealed=draft.sealed,
        **words,
        attachments=list(draft.attachments),
        district=draft.district,
        street=draft.street,
        road=place.road,
        landmark=place.landmark,
        house=place.house,
        latitude=draft.latitude,
        longitude=draft.longitude,
        state="new",
        co_handlers=[],
        opened_at=clock.now(),
        changed_at=clock.now(),
    )
    author = citizens.author(ticket, name=draft.citizen_name, phone=draft.citizen_phone)
    resolve = timing.first(ticket, ClockKind.RESOLVE)
    event, announced = steps.first(
        ticket,
        "opened",
        actor=actor,
        channel=ticket.channel,
        request_type=ticket.request_type,
        category=ticket.category,
        urgency=ticket.urgency,
    )
    # A line takes more tickets than anything else: all of it is one statement. The vector is made by the job.
    written = (ticket, author, event) if resolve is None else (ticket, author, event, resolve)
    dispatch = jobs.deferral("tickets.dispatch", lock=f"ticket:{number}", number=number)
    await rows.insert(session, *written, calls=(dispatch, announced))
    if join and (due_at := await _join(session, ticket, join, actor=actor)) is not None:
        return Opened(ticket=ticket, code=code, due_at=due_at[0], joined=True)
    return Opened(ticket=ticket, code=code, due_at=resolve.due_at if resolve else None)


async def _join(session: AsyncSession, ticket: Ticket, number: str, *, actor: Actor) -> tuple[datetime | None] | None:
    """Let the new ticket follow another; return when that is due, or None where it cannot be joined."""
    try:
        async with session.begin_nested():
            master = await merging.open_master(session, number)
            await merging.follow(session, ticket, master, actor=actor, reason=say("join.reason"))
    except (Conflict, NotFound) as refused:
        log.info("opening.not_joined", into=number, reason=type(refused).__name__)
        await session.refresh(ticket)
        return None
    resolve = (await timing.running(session, master)).get(ClockKind.RESOLVE)
    return (resolve.due_at if resolve else None,)


def _check(draft: Draft) -> None:
    if not clean(draft.title) or not clean(draft.description):
        raise BadInput(say("refused.no_words"))
    if len(draft.description) > LONGEST_DESCRIPTION:
        raise BadInput(say("refused.too_long", most=LONGEST_DESCRIPTION))
    if draft.request_type not in set(RequestType) or draft.urgency not in set(Urgency):
        raise BadInput(say("refused.kind"))


def _whereabouts(draft: Draft) -> whereabouts.Whereabouts:
    """Return where it is; of a secret ticket nothing but what its address says, which lies encrypted."""
    if is_secret(request_type=draft.request_type, confidential=draft.confidential):
        return whereabouts.Whereabouts()
    return whereabouts.read(draft.address)


def _words(draft: Draft) -> dict[str, Any]:
    """Return every column that holds words, as it is kept: readable, and without the author's name and number."""
    hide = partial(
        without_author,
        name=draft.citizen_name,
        phone=draft.citizen_phone,
        secret=is_secret(request_type=draft.request_type, confidential=draft.confidential),
    )
    title = mask_text(hide(clean(draft.title).replace("\n", " ")))
    if len(title) > LONGEST_TITLE:
        title = title[: LONGEST_TITLE - 1] + "…"
    return {
        "title": title,
        "description": hide(clean(draft.description)),
        "happened": hide(clean(draft.happened or "")) or None,
        "address": hide(clean(draft.address or "")) or None,
        "elements": {key: hide(value) if isinstance(value, str) else value for key, value in draft.elements.items()},
    }

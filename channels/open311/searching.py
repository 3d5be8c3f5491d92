"""What `GET requests` asks for, and the requests as the protocol shows them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from channels.open311 import moments
from channels.open311.wording import say
from core import clock
from core.errors import BadInput, NotFound
from core.text.normalise import normalise
from intents.categories import tree
from routing import tickets
from routing.tickets import PublicTicket

CHANNEL = "open311"
MOST = 1000  # requests of one answer; this and the span: GeoReport v2, GET Service Requests
LONGEST_SPAN = timedelta(days=90)
STATUSES = frozenset({"open", "closed"})


async def by_numbers(session: AsyncSession, numbers: str) -> list[dict[str, Any]]:
    """Return the requests of a list of ids with commas between; ids that nobody may see are left out."""
    wanted = [number for each in numbers.split(",") if (number := normalise(each))][:MOST]
    found = await tickets.reported_through(session, channel=CHANNEL, numbers=wanted, limit=MOST)
    return [_written(each) for each in found]


async def one(session: AsyncSession, number: str) -> list[dict[str, Any]]:
    """Return one request, in a list as the protocol wants it. Raises NotFound."""
    found = await tickets.reported_through(session, channel=CHANNEL, numbers=[normalise(number)], limit=1)
    if not found:
        raise NotFound(say("refused.request"))
    return [_written(found[0])]


async def search(session: AsyncSession, *, codes: str, start: str, end: str, status: str) -> list[dict[str, Any]]:
    """Return requests newest first; without dates those of the last 90 days. Raises BadInput."""
    since, until = _span(start, end)
    found = await tickets.reported_through(
        session,
        channel=CHANNEL,
        categories=[each.strip() for each in codes.split(",")] if codes else None,
        since=since,
        until=until,
        closed=_closed(status),
        limit=MOST,
    )
    return [_written(each) for each in found]


def _span(start: str, end: str) -> tuple[datetime, datetime]:
    """Return from when to when; a date that is not given lies 90 days from the other one."""
    given = (moments.read(start, "start_date") if start else None, moments.read(end, "end_date") if end else None)
    try:
        until = given[1] or (min(given[0] + LONGEST_SPAN, clock.now()) if given[0] else clock.now())
        since = given[0] or until - LONGEST_SPAN
    except OverflowError:
        raise BadInput(say("refused.span")) from None
    if given[1] is None:
        until = max(since, until)  # a day to come: there is nothing yet
    if not since <= until <= since + LONGEST_SPAN:
        raise BadInput(say("refused.span"))
    return since, until


def _closed(status: str) -> bool | None:
    wanted = {each.strip().lower() for each in status.split(",")} if status else STATUSES
    if not wanted <= STATUSES:
        raise BadInput(say("refused.status"))
    return None if wanted == STATUSES else wanted == {"closed"}


def _written(ticket: PublicTicket) -> dict[str, Any]:
    category = tree().get(ticket.category) if ticket.category else None
    return {
        "service_request_id": ticket.number,
        "status": "closed" if ticket.closed else "open",
        "status_notes": ticket.result or ticket.state_name,
        "service_name": category.name if category else None,
        "service_code": ticket.category or "",
        "description": ticket.description,
        "agency_responsible": ticket.department,
        "service_notice": None,
        "requested_datetime": moments.write(ticket.opened_at),
        "updated_datetime": moments.write(ticket.updated_at),
        "expected_datetime": moments.write(ticket.due_at) if ticket.due_at else None,
        "address": ticket.address,
        "address_id": None,
        "zipcode": None,
        "lat": ticket.latitude,
        "long": ticket.longitude,
        "media_url": None,  # not looked at by anybody: the line shows no stranger's address to the world
    }

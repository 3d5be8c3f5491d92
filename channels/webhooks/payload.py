"""What is told of a step: the same to whoever polls and to whoever is called."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.settings import settings
from routing import clock_rows, feed
from routing.feed import DepartmentEvent
from routing.models import TicketClock

ID_PREFIX = "evt_"


def message_id(event_id: int) -> str:
    """Return the id by which a receiver knows an event again: the same at every attempt, and when polling."""
    return f"{ID_PREFIX}{event_id}"


async def payloads(session: AsyncSession, department: str, events: Sequence[DepartmentEvent]) -> list[dict[str, Any]]:
    """Return events as they are told to a department: no personal data, no words of the ticket."""
    clocks = await feed.clocks(session, department, events)
    return [_payload(event, clocks.get(event.ticket_id, ())) for event in events]


def _payload(event: DepartmentEvent, clocks: Sequence[TicketClock]) -> dict[str, Any]:
    path = f"{settings().public_url.rstrip('/')}/api/v1/staff/tickets/{event.number}"
    return {
        "id": message_id(event.id),
        "sequence": event.position,
        "type": event.kind,
        "timestamp": event.at.isoformat(),
        "data": {
            "number": event.number,
            "version": event.version,
            "state": event.state,
            "department": event.lead,
            "by": event.actor.partition(":")[0],
            "clocks": [
                {
                    "kind": row.kind,
                    "due_at": row.due_at.isoformat(),
                    "provisional": row.provisional,
                    "paused": clock_rows.is_paused(row),
                }
                for row in clocks
            ],
        },
        "links": {"ticket": path},
    }

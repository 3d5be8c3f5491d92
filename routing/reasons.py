"""Why a ticket is where it is: kept in the event of each dispatch and reassignment, read back for its page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.ledger import Event
from routing.models import Ticket, TicketNote
from routing.steps import PREFIX
from routing.suggestions import Weighed

SENT = ("dispatched", "reassigned")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ticket went to `department`; score and risk None where it was none of the candidates.

    `kind`: dispatched or reassigned; `said`: the words of whoever sent it there, without the ticket's author; `row`:
    the row of the catalogue as it stood then, with its `version` (None: the city's files); `others`: who else came into
    question, best first, as `{"code", "score"}`.
    """

    department: str
    kind: str
    at: datetime
    automatic: bool
    said: str
    score: float | None
    risk: float | None
    evidence: list[str] = field(default_factory=list)
    row: dict[str, Any] | None = None
    others: list[dict[str, Any]] = field(default_factory=list)


def of(weighed: Weighed, department: str) -> dict[str, Any]:
    """Return what the event that sends a ticket to `department` keeps: codes, numbers, sentences on departments."""
    chosen = next((each for each in weighed.candidates if each.code == department), None)
    row = weighed.assigned.row if weighed.assigned else None
    return {
        "score": chosen.score if chosen else None,
        "risk": chosen.risk if chosen else None,
        "evidence": list(chosen.evidence) if chosen else [],
        "row": {
            "version": row.version,
            "category": row.category,
            "area": row.area,
            "lead": row.lead,
            "co_handlers": list(row.co_handlers),
            "basis": row.basis,
        }
        if row
        else None,
        "others": [{"code": each.code, "score": each.score} for each in weighed.candidates if each.code != department],
    }


async def read(session: AsyncSession, ticket: Ticket) -> Reason | None:
    """Return why the ticket is where it was sent last.

    None before it is dispatched, where nothing was kept, and where it has its department from a master.
    """
    sent = Event.kind.in_([PREFIX + kind for kind in SENT])
    statement = select(Event).where(Event.subject == f"ticket:{ticket.number}", sent)
    event = await session.scalar(statement.order_by(Event.number.desc()).limit(1))
    if event is None or "grounds" not in event.data or event.data["department"] != ticket.lead:
        return None
    note = await session.scalar(
        select(TicketNote).where(TicketNote.ticket_id == ticket.id, TicketNote.event_number == event.number)
    )
    return Reason(
        department=event.data["department"],
        kind=event.kind.removeprefix(PREFIX),
        at=event.at,
        automatic=event.actor == "system",
        said=note.text if note else "",
        **event.data["grounds"],
    )

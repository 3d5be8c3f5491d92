"""Why a ticket went where it went: kept in the event of its dispatch, read back for its page."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.ledger import Event
from routing.models import Ticket
from routing.steps import PREFIX
from routing.suggestions import Weighed


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ticket was dispatched to `department`; score and risk None where it was none of the candidates.

    `row`: the row of the catalogue as it stood then, with its `version` (None: the city's files); `others`: who else
    came into question, best first, as `{"code", "score"}`.
    """

    department: str
    automatic: bool
    score: float | None
    risk: float | None
    evidence: list[str] = field(default_factory=list)
    row: dict[str, Any] | None = None
    others: list[dict[str, Any]] = field(default_factory=list)


def of(weighed: Weighed, department: str) -> dict[str, Any]:
    """Return what the event of a dispatch to `department` keeps: codes, numbers and sentences on departments."""
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
    """Return why the ticket was first dispatched where it was; None before, and where nothing was kept."""
    statement = select(Event).where(Event.subject == f"ticket:{ticket.number}", Event.kind == PREFIX + "dispatched")
    event = await session.scalar(statement.order_by(Event.number).limit(1))
    if event is None or "grounds" not in event.data:
        return None
    return Reason(department=event.data["department"], automatic=event.actor == "system", **event.data["grounds"])

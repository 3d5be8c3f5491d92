"""Two tickets that are probably one matter, as staff read them."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.tickets import reading
from admin.staff.tickets.views import TicketSummary
from core.privacy import mask_text
from routing import agenda
from routing.suspected import Suspected


class Side(TicketSummary):
    """One of the two, with what its citizen wrote."""

    description: str
    address: str


class SuspectedView(BaseModel):
    """A pair; `first` was opened before `second`."""

    first: Side
    second: Side
    score: float = Field(description="Meaning × place × age × category, 0 to 1.")
    similarity: float = Field(description="Cosine of what they say.")
    metres: int | None = Field(description="How far apart, where both places are known that well.")
    found_at: datetime


async def views(session: AsyncSession, found: Sequence[Suspected], *, locale: str) -> list[SuspectedView]:
    """Return pairs as they are shown."""
    tickets = {each.id: each for pair in found for each in (pair.first, pair.second)}
    pending = await agenda.with_clocks(session, list(tickets.values()))
    sides = {
        each.ticket.id: Side(
            **reading.summary(each, locale=locale).model_dump(),
            description=mask_text(each.ticket.description),
            address=mask_text(each.ticket.address or ""),
        )
        for each in pending
    }
    return [
        SuspectedView(
            first=sides[each.first.id],
            second=sides[each.second.id],
            score=each.pair.score or 0.0,
            similarity=each.pair.similarity or 0.0,
            metres=each.pair.metres,
            found_at=each.pair.found_at,
        )
        for each in found
    ]

"""What staff send and read of negotiations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming
from core import clock
from core.auth import Actor
from core.privacy import mask_text
from routing import commands, negotiated
from routing.models import Ticket
from routing.negotiated import Negotiation

Code = Annotated[str, Field(min_length=1, max_length=64, description="Code of a department.")]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Basis = Annotated[str, Field(max_length=1000)]


class Body(BaseModel):
    """What a command takes; blanks around words do not count."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid")


class OpenBody(Body):
    """发起协商."""

    ticket: Annotated[str, Field(min_length=1, max_length=32, description="Number of the ticket.")]
    participants: Annotated[list[Code], Field(min_length=2, max_length=20)]
    question: Words
    first_receiver: Code | None = Field(None, description="Leads meanwhile, where nobody has the ticket.")


class PositionBody(Body):
    """表态."""

    stance: Literal["accepts", "assists", "declines"]
    text: Words
    basis: Basis = ""


class DecideBody(Body):
    """决定."""

    lead: Code
    co_handlers: Annotated[list[Code], Field(max_length=20)] = []
    basis: Annotated[str, Field(min_length=1, max_length=1000)]
    reason: Words
    catalogue_area: Code | None = Field(None, description="Write the row for this area (* everywhere); null: no row.")


class DropBody(Body):
    """终止."""

    reason: Words


class PositionView(BaseModel):
    """What one participant says; `stance` null until it has, `overdue` once its time is over.

    `shut`: it takes part no longer, for the ticket was sealed or became confidential after it had been asked.
    """

    department: str
    department_name: str
    stance: str | None
    text: str
    basis: str
    stated_at: datetime | None
    overdue: bool
    shut: bool


class NegotiationSummary(BaseModel):
    """A negotiation in a list."""

    id: int
    state: str = Field(description="open, decided, dropped.")
    category: str | None
    area: str
    question: str
    opened_at: datetime
    due_at: datetime
    lead: str | None
    ended_at: datetime | None


class NegotiationView(NegotiationSummary):
    """A negotiation with what it is about, as far as this account may know: never who asked."""

    ticket: str
    title: str
    description: str
    place: str
    positions: list[PositionView]
    co_handlers: list[str]
    basis: str | None
    reason: str | None
    catalogue_version: int | None


def summary(negotiation: Negotiation) -> NegotiationSummary:
    """Return a negotiation for a list."""
    return NegotiationSummary.model_validate(_common(negotiation))


async def opened(session: AsyncSession, id: int, *, actor: Actor) -> NegotiationView:
    """Return a negotiation that the actor sees, and write into the ledger that a sealed ticket was read with it.

    Raises NotFound also where the actor does not see it.
    """
    found = await negotiated.find(session, id, actor=actor)
    await commands.note_reading(session, await session.get_one(Ticket, found.ticket_id), actor=actor)
    return await detail(session, found)


async def detail(session: AsyncSession, negotiation: Negotiation) -> NegotiationView:
    """Return a negotiation with the matter: the ticket's words without its author, masked."""
    ticket = await session.get_one(Ticket, negotiation.ticket_id)
    said = await negotiated.positions(session, negotiation)
    works_on_it = {ticket.lead, *ticket.co_handlers}
    return NegotiationView.model_validate(
        _common(negotiation)
        | {
            "ticket": ticket.number,
            "title": mask_text(ticket.title),
            "description": mask_text(ticket.description),
            "place": naming.place(ticket.district, ticket.street),
            "positions": [
                {
                    "department": each.department,
                    "department_name": naming.department(each.department),
                    "stance": each.stance,
                    "text": mask_text(each.text or ""),
                    "basis": each.basis or "",
                    "stated_at": each.stated_at,
                    "overdue": negotiated.overdue(negotiation, each, clock.now()),
                    "shut": each.shut_at is not None and each.department not in works_on_it,
                }
                for each in said
            ],
            "co_handlers": negotiation.co_handlers,
            "basis": negotiation.basis,
            "reason": mask_text(negotiation.reason) if negotiation.reason else None,
            "catalogue_version": negotiation.catalogue_version,
        }
    )


def _common(negotiation: Negotiation) -> dict[str, object]:
    names = ("id", "state", "category", "area", "opened_at", "due_at", "lead", "ended_at")
    return {name: getattr(negotiation, name) for name in names} | {"question": mask_text(negotiation.question)}

"""Correcting what the machine or a colleague took a request for, and keeping for good what has become secret."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.auth import Actor
from core.errors import BadInput, Conflict
from intents import RequestType, Urgency, categories
from routing import negotiated, step_words, steps, timing, unmerging
from routing.applications import TicketApplication
from routing.commands.taking import take, words
from routing.hiding import hide_author, is_secret
from routing.messages import say
from routing.models import Ticket, TicketNote
from routing.negotiated import Negotiation, Position
from routing.orders import TicketOrder
from routing.parts import TicketPart
from routing.policy import ClockKind
from routing.quality import reviewing

SAID: dict[Any, tuple[str, ...]] = {
    TicketPart: ("words", "answer"),
    TicketOrder: ("words", "answer"),
    TicketApplication: ("reason", "decision"),
    Negotiation: ("question", "basis", "reason"),
}


async def correct(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    reason: str,
    request_type: str | None = None,
    category: str | None = None,
    urgency: str | None = None,
) -> Ticket:
    """更正: the centre sets right what the request is; None leaves a field as it is.

    The clocks that run are counted anew from when they began. What was secret stays so, and what becomes a tip-off is
    secret from now on, with all that has been written. The event holds the whole label before and after, for training.
    Raises BadInput for a type, category or urgency that does not exist, Conflict where all is so already.
    """
    ticket = await take(session, number, "correct", actor=actor)
    reason = words(reason, wanted="reason")
    _check(request_type, category, urgency)
    was_secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    before = _label(ticket)
    ticket.request_type = str(request_type or ticket.request_type)
    ticket.category = category or ticket.category
    ticket.urgency = str(urgency or ticket.urgency)
    if before == _label(ticket):
        raise Conflict(say("refused.nothing_corrected"))
    if was_secret:
        ticket.confidential = True
    elif ticket.request_type == RequestType.TIP_OFF:
        await conceal(session, ticket, actor=actor)
    moved = await timing.recount(session, ticket)
    due = {str(kind): row.due_at.isoformat() for kind, row in moved.items()}
    await steps.record(
        session, ticket, "corrected", actor=actor, text=reason, before=before, after=_label(ticket), due=due
    )
    await jobs.defer(session, "quality.review", lock=f"ticket:{ticket.number}", number=ticket.number)
    return ticket


async def conceal(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> None:
    """Make the ticket confidential for good, with what has been written on it so far."""
    ticket.confidential = True
    await timing.void(session, ticket, ClockKind.CONTACT)
    ticket.title = await hide_author(session, ticket, ticket.title)
    ticket.description = await hide_author(session, ticket, ticket.description)
    for field in ("happened", "address", "result", "basis"):
        setattr(ticket, field, await hide_author(session, ticket, getattr(ticket, field) or "") or None)
    ticket.elements = {
        key: await hide_author(session, ticket, value) if isinstance(value, str) else value
        for key, value in ticket.elements.items()
    }
    for note in await session.scalars(select(TicketNote).where(TicketNote.ticket_id == ticket.id)):
        note.text = await hide_author(session, ticket, note.text)
    # What stands in the tables of the workflow is the departments' to read as well.
    for table, fields in SAID.items():
        for row in await session.scalars(select(table).where(table.ticket_id == ticket.id)):
            for field in fields:
                setattr(row, field, await hide_author(session, ticket, getattr(row, field) or "") or None)
    stated = select(Position).join(Negotiation, Negotiation.id == Position.negotiation_id)
    for position in await session.scalars(stated.where(Negotiation.ticket_id == ticket.id)):
        position.text = await hide_author(session, ticket, position.text or "") or None
        position.basis = await hide_author(session, ticket, position.basis or "") or None
    await negotiated.shut_out(session, ticket)
    await reviewing.conceal(session, ticket)
    await steps.record(session, ticket, "made_confidential", actor=actor)
    await unmerging.leave_secret(session, ticket)
    await jobs.defer(session, "topics.leave", number=ticket.number)


def _label(ticket: Ticket) -> dict[str, str | None]:
    return {field: getattr(ticket, field) for field in step_words.LABEL}


def _check(request_type: str | None, category: str | None, urgency: str | None) -> None:
    if request_type not in {None, *RequestType} or urgency not in {None, *Urgency}:
        raise BadInput(say("refused.kind"))
    if category is not None and category not in categories.tree():
        raise BadInput(say("refused.category"))

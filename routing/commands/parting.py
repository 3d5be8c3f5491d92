"""Co-handlers and their own parts of a ticket: asked, taken, answered. The lead sees what is open when it replies."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict
from routing import parts, steps, timing, workflow
from routing.commands.taking import take, words
from routing.hiding import hide_author
from routing.messages import say
from routing.models import Ticket
from routing.notices import moment_words
from routing.parts import TicketPart
from routing.tree import tree

MOST_DAYS = 60  # working days


async def ask_part(
    session: AsyncSession, number: str, *, actor: Actor, department: str, text: str, working_days: int
) -> Ticket:
    """交办协办事项: ask a co-handler for its part, within so many working days. The centre may name a new co-handler.

    Raises BadInput for the lead itself, for the centre, for a department that is no co-handler where the lead asks, and
    for a limit that is not 1 to 60; Conflict while that department owes a part.
    """
    ticket = await take(session, number, "ask_part", actor=actor)
    text = words(text, wanted="part")
    if department == ticket.lead:
        raise BadInput(say("refused.part_lead"))
    if tree().get(department).kind == "centre":
        raise BadInput(say("refused.centre"))
    if not 1 <= working_days <= MOST_DAYS:
        raise BadInput(say("refused.part_days", most=MOST_DAYS))
    if department in ticket.open_parts:
        raise Conflict(say("refused.part_open"))
    if department not in ticket.co_handlers:
        if not actor.may(Permission.TICKET_DISPATCH):
            raise BadInput(say("refused.part_not_co_handler"))
        ticket.co_handlers = [*ticket.co_handlers, department]
    workflow.move(ticket, "attend")
    due = timing.in_working_days(working_days)
    session.add(
        TicketPart(
            ticket_id=ticket.id,
            department=department,
            words=await hide_author(session, ticket, text),
            asked_at=clock.now(),
            due_at=due,
        )
    )
    ticket.open_parts = {**ticket.open_parts, department: "asked"}
    await steps.record(
        session, ticket, "part_asked", actor=actor, text=text, department=department, due=moment_words(due)
    )
    return ticket


async def accept_part(session: AsyncSession, number: str, *, actor: Actor) -> Ticket:
    """接收协办事项: the co-handler takes its part."""
    ticket = await take(session, number, "accept_part", actor=actor)
    part = await _own(session, ticket, actor)
    workflow.move(ticket, "attend")
    part.accepted_at = clock.now()
    ticket.open_parts = {**ticket.open_parts, part.department: "accepted"}
    await steps.record(session, ticket, "part_accepted", actor=actor, department=part.department)
    return ticket


async def answer_part(session: AsyncSession, number: str, *, actor: Actor, text: str) -> Ticket:
    """回复协办事项: the co-handler says to the lead what it has done."""
    ticket = await take(session, number, "answer_part", actor=actor)
    text = words(text, wanted="answer")
    part = await _own(session, ticket, actor)
    workflow.move(ticket, "attend")
    part.answered_at, part.answer = clock.now(), await hide_author(session, ticket, text)
    ticket.open_parts = {code: state for code, state in ticket.open_parts.items() if code != part.department}
    await steps.record(session, ticket, "part_answered", actor=actor, text=text, department=part.department)
    return ticket


async def _own(session: AsyncSession, ticket: Ticket, actor: Actor) -> TicketPart:
    part = await parts.open_of(session, ticket, actor.department or next(iter(ticket.open_parts)))
    if part is None:
        raise Conflict(say("refused.changed_meanwhile"))
    return part

"""督办: the supervisor orders an answer by a date, the department that leads gives it, the supervisor ends it."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.errors import BadInput
from routing import orders, steps, timing, workflow
from routing.commands.taking import take, words
from routing.hiding import hide_author
from routing.messages import say
from routing.models import Ticket
from routing.notices import moment_words
from routing.orders import ANSWERED, OPEN, TicketOrder

MOST_DAYS = 30  # working days


async def supervise(session: AsyncSession, number: str, *, actor: Actor, text: str, working_days: int) -> Ticket:
    """督办: an answer within 1 to 30 working days; the ticket is under supervision until it is ended."""
    ticket = await take(session, number, "supervise", actor=actor)
    text = words(text, wanted="order")
    if not 1 <= working_days <= MOST_DAYS:
        raise BadInput(say("refused.part_days", most=MOST_DAYS))
    workflow.move(ticket, "attend")
    due = timing.in_working_days(working_days)
    session.add(
        TicketOrder(
            ticket_id=ticket.id, words=await hide_author(session, ticket, text), ordered_at=clock.now(), due_at=due
        )
    )
    ticket.supervised, ticket.supervision = True, OPEN
    await steps.record(
        session, ticket, "supervised", actor=actor, text=text, department=ticket.lead, due=moment_words(due)
    )
    return ticket


async def answer_supervision(session: AsyncSession, number: str, *, actor: Actor, text: str) -> Ticket:
    """回复督办: the department says to the supervisor how it stands. The citizen's reply is another matter."""
    ticket = await take(session, number, "answer_supervision", actor=actor)
    text = words(text, wanted="answer")
    workflow.move(ticket, "attend")
    order = await orders.running(session, ticket)
    if order is not None:
        order.answered_at, order.answer = clock.now(), await hide_author(session, ticket, text)
    ticket.supervision = ANSWERED
    await steps.record(session, ticket, "supervision_answered", actor=actor, text=text, department=ticket.lead)
    return ticket


async def end_supervision(session: AsyncSession, number: str, *, actor: Actor, reason: str = "") -> Ticket:
    """解除督办: also of a ticket that is under supervision because a clock ran out or its citizen was not helped."""
    ticket = await take(session, number, "end_supervision", actor=actor)
    reason = words(reason)
    workflow.move(ticket, "note")
    if order := await orders.running(session, ticket):
        order.ended_at = clock.now()
    ticket.supervised, ticket.supervision = False, None
    await steps.record(session, ticket, "supervision_ended", actor=actor, text=reason)
    return ticket

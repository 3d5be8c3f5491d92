"""The department's work: accept, contact the citizen, reply."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from routing import callbacks, steps, timing, workflow
from routing.commands.taking import take, words
from routing.models import Ticket
from routing.notices import due_words, survey_questions
from routing.policy import ClockKind
from routing.tree import tree


async def accept(session: AsyncSession, number: str, *, actor: Actor) -> Ticket:
    """签收: the department takes the ticket."""
    ticket = await take(session, number, "accept", actor=actor)
    workflow.move(ticket, "accept")
    ticket.accepted_at = clock.now()
    await timing.meet(session, ticket, ClockKind.ACCEPT)
    event = await steps.record(session, ticket, "accepted", actor=actor, department=ticket.lead)
    name = tree().get(ticket.lead or "").short_name
    await steps.tell(session, ticket, event, department=name, due=await due_words(session, ticket))
    return ticket


async def contact(session: AsyncSession, number: str, *, actor: Actor, note: str) -> Ticket:
    """联系诉求人: the department has spoken with the citizen; every call is recorded, the first meets the clock."""
    ticket = await take(session, number, "contact", actor=actor)
    note = words(note, wanted="note")
    workflow.move(ticket, "contact")
    await timing.meet(session, ticket, ClockKind.CONTACT)
    await steps.record(session, ticket, "contacted", actor=actor, text=note, department=ticket.lead)
    return ticket


async def reply(session: AsyncSession, number: str, *, actor: Actor, result: str, basis: str = "") -> Ticket:
    """答复: the department says what was done and on what basis; the citizen is asked the three questions.

    A contact that was still due is no longer asked for: the citizen says in the survey whether there was one.
    """
    ticket = await take(session, number, "reply", actor=actor)
    ticket.result = words(result, wanted="result")
    ticket.basis = words(basis) or None
    workflow.move(ticket, "reply")
    ticket.replied_at = clock.now()
    await timing.meet(session, ticket, ClockKind.RESOLVE)
    await timing.void(session, ticket, ClockKind.CONTACT, ClockKind.RETURN)
    await timing.start(session, ticket, ClockKind.CALLBACK)
    callbacks.ask(ticket)
    event = await steps.record(session, ticket, "replied", actor=actor, text=ticket.result, department=ticket.lead)
    name = tree().get(ticket.lead or "").short_name
    await steps.tell(session, ticket, event, department=name, result=ticket.result, questions=survey_questions())
    return ticket

"""Handling: accept, contact the citizen, reply; or the centre's answer at once."""

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import Actor
from core.errors import BadInput, Conflict
from routing import callbacks, merging, steps, timing, workflow
from routing.commands.taking import take, words
from routing.hiding import hide_author, is_secret
from routing.messages import say
from routing.models import Ticket
from routing.notices import due_words, survey_questions
from routing.policy import ClockKind
from routing.rules import rules
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


async def answer(session: AsyncSession, number: str, *, actor: Actor, result: str, basis: str = "") -> Ticket:
    """直接答复: an agent answers a new ticket at once, without a department; the citizen is asked the three questions.

    Where it does not help, the ticket is new again and goes to whose duty it is.
    """
    ticket = await take(session, number, "answer", actor=actor)
    result = _answer(result)
    workflow.move(ticket, "answer")
    await _give_result(session, ticket, result, basis)
    event = await steps.record(session, ticket, "answered", actor=actor, text=ticket.result or "")
    await steps.tell(session, ticket, event, result=ticket.result, questions=survey_questions())
    await merging.carry_reply(session, ticket, actor=actor)
    return ticket


async def reply(
    session: AsyncSession, number: str, *, actor: Actor, result: str, basis: str = "", without_parts: str = ""
) -> Ticket:
    """答复: the department says what was done and on what basis; the citizen is asked the three questions.

    A contact that was still due is no longer asked for: the citizen says in the survey whether there was one. Raises
    Conflict while co-handlers owe their parts, unless `without_parts` says why the reply does without.
    """
    ticket = await take(session, number, "reply", actor=actor)
    result = _answer(result)
    without_parts = words(without_parts)
    if ticket.open_parts and not without_parts:
        names = say("list.separator").join(tree().get(code).short_name for code in ticket.open_parts)
        raise Conflict(say("refused.open_parts", departments=names))
    workflow.move(ticket, "reply")
    await _give_result(session, ticket, result, basis)
    if ticket.open_parts:
        await steps.record(
            session, ticket, "parts_waived", actor=actor, text=without_parts, departments=list(ticket.open_parts)
        )
    await merging.end_requests(session, ticket, actor=actor)
    event = await steps.record(
        session, ticket, "replied", actor=actor, text=ticket.result or "", department=ticket.lead
    )
    name = tree().get(ticket.lead or "").short_name
    await steps.tell(session, ticket, event, department=name, result=ticket.result, questions=survey_questions())
    await merging.carry_reply(session, ticket, actor=actor)
    return ticket


def _answer(result: str) -> str:
    """Return a result that can be an answer; whether it is a good one, the quality check says. Raises BadInput."""
    result, fewest = words(result, wanted="result"), rules().replying.fewest_characters
    if len({sign for sign in result if sign.isalnum()}) < fewest:
        raise BadInput(say("refused.no_answer", fewest=fewest))
    return result


async def _give_result(session: AsyncSession, ticket: Ticket, result: str, basis: str) -> None:
    ticket.result = result
    ticket.basis = words(basis) or None
    if is_secret(request_type=ticket.request_type, confidential=ticket.confidential):
        # The centre may have answered; where that did not help, a department reads it.
        ticket.result = await hide_author(session, ticket, ticket.result)
        ticket.basis = await hide_author(session, ticket, ticket.basis or "") or None
    ticket.replied_at = clock.now()
    await timing.meet(session, ticket, ClockKind.RESOLVE)
    await timing.void(session, ticket, ClockKind.CONTACT, ClockKind.RETURN)
    await timing.start(session, ticket, ClockKind.CALLBACK)
    callbacks.ask(ticket)
    await jobs.defer(session, "quality.review", lock=f"ticket:{ticket.number}", number=ticket.number)

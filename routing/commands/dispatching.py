"""Who handles it: dispatch, objection, ruling, reassignment."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.auth import Actor
from core.errors import BadInput, Conflict, Forbidden
from routing import applications, granting, merging, passed_over, reasons, steps, timing, workflow
from routing.commands.taking import take, words
from routing.messages import say
from routing.models import Ticket
from routing.notices import due_words
from routing.policy import ClockKind
from routing.suggestions import Weighed, weigh
from routing.tree import tree

BROUGHT_BACK = ("returned", "escalated", "disputed")
DEPARTMENT_CLOCKS = (ClockKind.ACCEPT, ClockKind.CONTACT, ClockKind.RETURN)


async def dispatch(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    department: str,
    co_handlers: Sequence[str] = (),
    reason: str = "",
    weighed: Weighed | None = None,
) -> Ticket:
    """派单: send a new ticket to the department whose duty it is. The department's clocks begin.

    The event keeps why: the catalogue's row, the score and the evidence. `weighed`: these, where the caller has them.
    """
    ticket = await take(session, number, "dispatch", actor=actor)
    weighed = weighed or await weigh(session, ticket)
    await _assign(session, ticket, department, co_handlers, actor=actor)
    workflow.move(ticket, "dispatch")
    if actor.kind == "staff":
        await passed_over.note(session, ticket, weighed.assigned)
    grounds = reasons.of(weighed, department)
    await _tell_dispatched(session, ticket, "dispatched", actor=actor, reason=words(reason), grounds=grounds)
    return ticket


async def return_to_centre(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> Ticket:
    """退单: the department says, with a reason and within its time, that it is not its duty.

    The ticket stays with the department until the centre has ruled (first-receiver responsibility).
    """
    ticket = await take(session, number, "return_to_centre", actor=actor)
    reason = words(reason, wanted="reason")
    workflow.move(ticket, "return_to_centre")
    ticket.returns += 1
    await applications.lapse(session, ticket)
    await timing.meet(session, ticket, ClockKind.RETURN)
    # While the centre thinks, the department does not lose its time to accept.
    await timing.void(session, ticket, ClockKind.ACCEPT, ClockKind.CONTACT)
    await steps.record(session, ticket, "returned", actor=actor, text=reason, department=ticket.lead)
    return ticket


async def rule_on_return(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    upheld: bool,
    department: str | None = None,
    reason: str = "",
) -> Ticket:
    """裁定: uphold an objection and name the department whose duty it is, or leave it where it is, for good.

    An objection is refused with a reason, which the department reads (退单: with a reason and examined).

    The same ruling decides who takes up a ticket that its citizen brought to the centre, not helped twice; that no
    objection was refused then, its step says (`kept`).
    """
    ticket = await take(session, number, "rule_on_return", actor=actor)
    events = await ledger.history(session, f"ticket:{ticket.number}")
    objected = _was_objected_to(events)
    reason = words(reason, wanted="ruling" if objected and not upheld else None)
    if not upheld:
        workflow.move(ticket, "refuse_return")
        ticket.return_refused = True
        kinds = [ClockKind.CONTACT] if ticket.accepted_at else [ClockKind.ACCEPT, ClockKind.CONTACT]
        await _start_with_resolve(session, ticket, *kinds)
        kind = "return_refused" if objected else "kept"
        await steps.record(session, ticket, kind, actor=actor, text=reason, department=ticket.lead)
        return ticket
    if department is None or department == ticket.lead:
        raise BadInput(say("refused.ruling_department"))
    before = ticket.lead
    grounds = reasons.of(await weigh(session, ticket), department)
    if objected:
        _not_theirs(ticket)
        # A street that gives back to its district what that had sent on does not make the first dispatch wrong.
        sent = next((event for event in events if event.kind == steps.PREFIX + "dispatched"), None)
        ticket.misdispatched = ticket.misdispatched or sent is None or sent.data["department"] != department
    await _assign(session, ticket, department, (), actor=actor)
    workflow.move(ticket, "uphold_return")
    await _tell_dispatched(session, ticket, "reassigned", actor=actor, reason=reason, before=before, grounds=grounds)
    return ticket


async def reassign(session: AsyncSession, number: str, *, actor: Actor, department: str, reason: str) -> Ticket:
    """改派: the centre sends it elsewhere; a district sends it on to its own street, a street to its own grid.

    Whoever sends on stays co-handler. What the citizen was promised stays: the resolve clock runs on. Raises Conflict
    when the department has it already, Forbidden when a district or street names another than its own.
    """
    ticket = await take(session, number, "reassign", actor=actor)
    reason = words(reason, wanted="reason")
    before = ticket.lead
    if department == before:
        raise Conflict(say("refused.same_department"))
    sent_on = granting.leads(ticket, actor)
    if sent_on and tree().get(department) not in tree().below(before):
        raise Forbidden(say("refused.not_own_street"))
    grounds = reasons.of(await weigh(session, ticket), department)
    if not sent_on:
        _not_theirs(ticket)
        ticket.misdispatched = True
    others = [code for code in ticket.co_handlers if code != department]
    if sent_on and before:
        others.append(before)
    await _assign(session, ticket, department, others, actor=actor)
    workflow.move(ticket, "reassign")
    await _tell_dispatched(session, ticket, "reassigned", actor=actor, reason=reason, before=before, grounds=grounds)
    return ticket


def _was_objected_to(events: Sequence[ledger.Event]) -> bool:
    """Say whether a department brought the ticket back, and not its citizen, who was not helped twice."""
    # Whoever took a master's place has no such step of its own.
    back = [kind for event in events if (kind := event.kind.removeprefix(steps.PREFIX)) in BROUGHT_BACK]
    return bool(back) and back[-1] == "returned"


def _not_theirs(ticket: Ticket) -> None:
    """Keep that it was found not to be the duty of the department that leads: later dispatches learn from it."""
    if ticket.lead and ticket.lead not in ticket.wrong_leads:
        ticket.wrong_leads = [*ticket.wrong_leads, ticket.lead]


async def _assign(
    session: AsyncSession, ticket: Ticket, department: str, co_handlers: Sequence[str], *, actor: Actor
) -> None:
    """Give the ticket to a department: its own clocks begin anew, the citizen's at the first dispatch only."""
    for code in (department, *co_handlers):
        if tree().get(code).kind == "centre":
            raise BadInput(say("refused.centre"))
    if tree().get(department).kind == "grid" and tree().get(department).parent != ticket.lead:
        raise BadInput(say("refused.grid"))
    await applications.lapse(session, ticket)
    before, ticket.lead = ticket.lead, department
    ticket.co_handlers = [code for code in dict.fromkeys(co_handlers) if code != department]
    ticket.accepted_at = None
    ticket.return_refused = False
    if tree().get(department).kind == "grid":
        ticket.grid = department
    await merging.hand_on(session, ticket, before, actor=actor)
    await timing.void(session, ticket, *DEPARTMENT_CLOCKS)
    if ticket.dispatched_at is None:
        ticket.dispatched_at = clock.now()
        await timing.start(session, ticket, *DEPARTMENT_CLOCKS, ClockKind.RESOLVE)
    else:
        await _start_with_resolve(session, ticket, *DEPARTMENT_CLOCKS)


async def _start_with_resolve(session: AsyncSession, ticket: Ticket, *kinds: ClockKind) -> None:
    """Start the clocks, and the citizen's where none runs: after a reply that did not help, the time begins again."""
    resolve = () if ClockKind.RESOLVE in await timing.running(session, ticket) else (ClockKind.RESOLVE,)
    await timing.start(session, ticket, *kinds, *resolve)


async def _tell_dispatched(
    session: AsyncSession,
    ticket: Ticket,
    kind: str,
    *,
    actor: Actor,
    reason: str,
    grounds: dict[str, Any],
    before: str | None = None,
) -> None:
    event = await steps.record(
        session,
        ticket,
        kind,
        actor=actor,
        text=reason,
        also=(before,) if before else (),
        department=ticket.lead,
        co_handlers=ticket.co_handlers,
        before=before,
        grounds=grounds,
    )
    name = tree().get(ticket.lead or "").short_name
    await steps.tell(session, ticket, event, department=name, due=await due_words(session, ticket))

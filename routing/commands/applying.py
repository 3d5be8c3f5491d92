"""More time: extension and suspension, asked by the department that leads and decided by the centre."""

from datetime import date, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import SYSTEM, Actor
from core.city import city
from core.database import transaction
from core.errors import BadInput, Conflict
from routing import applications, steps, timing, workflow
from routing.applications import EXTENSION, SUSPENSION, TicketApplication
from routing.calendar import calendar
from routing.commands.taking import take, words
from routing.hiding import hide_author
from routing.messages import say
from routing.models import Ticket
from routing.notices import due_words, moment_words
from routing.policy import sla
from routing.rules import rules

log = structlog.get_logger()


async def ask_extension(session: AsyncSession, number: str, *, actor: Actor, working_days: int, reason: str) -> Ticket:
    """申请延期: by so many working days, before the citizen's clock ran out.

    Raises Conflict when it ran out, BadInput for more days than `sla.yaml` leaves.
    """
    ticket = await take(session, number, "ask_extension", actor=actor)
    reason = words(reason, wanted="reason")
    left = sla().extension.max_working_days - ticket.extended_days
    if not 1 <= working_days <= left:
        raise BadInput(say("refused.extension_left", left=left))
    await _ask(session, ticket, TicketApplication(kind=EXTENSION, working_days=working_days), reason)
    await steps.record(
        session,
        ticket,
        "extension_asked",
        actor=actor,
        text=reason,
        department=ticket.lead,
        working_days=working_days,
    )
    return ticket


async def rule_on_extension(
    session: AsyncSession, number: str, *, actor: Actor, approved: bool, reason: str = ""
) -> Ticket:
    """审批延期: the citizen is told the new date; a refusal needs a reason, which the department reads."""
    ticket = await take(session, number, "rule_on_extension", actor=actor)
    asked = await _decide(session, ticket, approved=approved, reason=reason)
    workflow.move(ticket, "apply")
    days = asked.working_days or 0
    if not approved:
        await steps.record(session, ticket, "extension_refused", actor=actor, text=asked.decision or "")
        return ticket
    resolve = await timing.extend(session, ticket, working_days=days)
    ticket.extensions += 1
    ticket.extended_days += days
    event = await steps.record(
        session,
        ticket,
        "extended",
        actor=actor,
        text=asked.decision or "",
        working_days=days,
        due_at=resolve.due_at,
    )
    await steps.tell(session, ticket, event, due=await due_words(session, ticket))
    return ticket


async def ask_suspension(session: AsyncSession, number: str, *, actor: Actor, until: date, reason: str) -> Ticket:
    """申请挂起: nothing can be done until a day, which is included. The citizen is told once it is approved."""
    ticket = await take(session, number, "ask_suspension", actor=actor)
    reason = words(reason, wanted="reason")
    today, most = clock.local(clock.now(), city().time_zone).date(), rules().suspending.max_days
    if not today < until <= today + timedelta(days=most):
        raise BadInput(say("refused.until", most=most))
    ends = calendar().closing(until)
    await _ask(session, ticket, TicketApplication(kind=SUSPENSION, until=ends), reason)
    await steps.record(
        session,
        ticket,
        "suspension_asked",
        actor=actor,
        text=reason,
        department=ticket.lead,
        until=until.isoformat(),
        until_at=ends.isoformat(),
    )
    return ticket


async def rule_on_suspension(
    session: AsyncSession, number: str, *, actor: Actor, approved: bool, reason: str = ""
) -> Ticket:
    """审批挂起: approved, the ticket's clocks stand still until the day comes or somebody resumes it."""
    ticket = await take(session, number, "rule_on_suspension", actor=actor)
    asked = await _decide(session, ticket, approved=approved, reason=reason)
    if not approved or asked.until is None or asked.until <= clock.now():
        workflow.move(ticket, "apply")
        asked.approved = False
        await steps.record(session, ticket, "suspension_refused", actor=actor, text=asked.decision or "")
        return ticket
    workflow.move(ticket, "suspend")
    await timing.pause(session, ticket)
    until = clock.local(asked.until, city().time_zone).date()
    event = await steps.record(
        session,
        ticket,
        "suspended",
        actor=actor,
        text=asked.decision or "",
        until=until.isoformat(),
        until_at=asked.until.isoformat(),
    )
    # The reason is the department's, of one citizen's ticket: of others who follow it, it names nobody.
    await steps.tell(session, ticket, event, until=moment_words(asked.until))
    return ticket


async def resume(session: AsyncSession, number: str, *, actor: Actor, reason: str = "") -> Ticket:
    """恢复办理: by the centre or the department, before the day; the clocks run on with what was left of them."""
    ticket = await take(session, number, "resume", actor=actor)
    held = await applications.suspension(session, ticket)
    if held is not None:
        held.ended_at = clock.now()
    workflow.move(ticket, "resume")
    await timing.resume(session, ticket)
    event = await steps.record(session, ticket, "resumed", actor=actor, text=words(reason))
    await steps.tell(session, ticket, event, due=await due_words(session, ticket))
    return ticket


@jobs.sweep("suspensions.end", seconds=30)
async def end_suspensions() -> None:
    """Resume what was suspended until now, each for itself: one that cannot be resumed holds no other back."""
    async with transaction() as session:
        numbers = (await session.scalars(_over())).all()
    for number in numbers:
        try:
            async with transaction() as session:
                await resume(session, number, actor=SYSTEM)
        except Conflict:
            continue  # a person or another worker was first
        except Exception as error:
            log.error("suspension.not_ended", number=number, error=type(error).__name__)


def _over() -> Select[str]:
    return (
        select(Ticket.number)
        .join(TicketApplication, TicketApplication.ticket_id == Ticket.id)
        .where(
            TicketApplication.kind == SUSPENSION,
            TicketApplication.approved.is_(True),
            TicketApplication.ended_at.is_(None),
            TicketApplication.until <= clock.now(),
            Ticket.state == "suspended",
        )
        .order_by(TicketApplication.until)
    )


async def _ask(session: AsyncSession, ticket: Ticket, asked: TicketApplication, reason: str) -> None:
    workflow.move(ticket, "apply")
    asked.ticket_id, asked.department, asked.asked_at = ticket.id, ticket.lead or "", clock.now()
    asked.reason = await hide_author(session, ticket, reason)
    ticket.applied = asked.kind
    session.add(asked)
    await session.flush()


async def _decide(session: AsyncSession, ticket: Ticket, *, approved: bool, reason: str) -> TicketApplication:
    reason = words(reason, wanted=None if approved else "reason")
    asked = await applications.pending(session, ticket)
    if asked is None:
        raise Conflict(say("refused.changed_meanwhile"))
    asked.approved, asked.decided_at = approved, clock.now()
    asked.decision = await hide_author(session, ticket, reason) or None
    ticket.applied = None
    await session.flush()
    return asked

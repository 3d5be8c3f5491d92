"""回访: the three questions after the reply, and what follows from the answers.

Solved: closed, also where the citizen is not satisfied (the quality check notes it). Not solved: back to the same
department, as often as `tickets.yaml` says (once); after that to the centre, which takes it under supervision and rules
who handles it, with a time that begins anew. Who does not answer alone is called by agents; who cannot be reached on so
many days, or refuses, counts in no rate.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import SYSTEM, Actor
from core.city import city
from core.database import transaction
from core.errors import BadInput
from core.ledger import Event
from core.settings import settings
from routing import citizens, reading, reopening, steps, timing, workflow
from routing.messages import say
from routing.models import CallbackAttempt, Ticket
from routing.notices import due_words
from routing.policy import ClockKind
from routing.rules import rules
from routing.tree import tree

BATCH = 100
FARTHEST = timedelta(days=30)  # that a citizen may ask to be called later


class Outcome(StrEnum):
    """How a call ended that brought no answers."""

    NOT_REACHED = "not_reached"
    AGAIN = "again"  # reached; asks to be called at another time
    REFUSED = "refused"  # does not want to answer


class End(StrEnum):
    """Why nobody waits for the answers any more."""

    NOT_REACHED = "not_reached"
    REFUSED = "refused"
    ANONYMOUS = "anonymous"  # left neither a conversation nor a number


def ask(ticket: Ticket) -> None:
    """Begin to wait for the answers: without a call at first where the citizen reads the questions."""
    ticket.callbacks, ticket.survey_end = 0, None
    days = rules().survey.self_days
    ticket.callback_at = _at_hour(clock.now(), days) if ticket.conversation and days else clock.now()


def waiting(at: datetime) -> ColumnElement[bool]:
    """Return the condition under which an agent is to call by this moment."""
    return and_(Ticket.state == "replied", Ticket.callback_at.is_not(None), Ticket.callback_at <= at)


async def worklist(session: AsyncSession, *, actor: Actor, limit: int) -> Sequence[Ticket]:
    """Return the tickets that the actor sees and whose citizens are to be called now, the longest waiting first."""
    statement = select(Ticket).where(reading.visible_to(actor), waiting(clock.now())).order_by(Ticket.callback_at)
    return (await session.scalars(statement.limit(limit))).all()


async def count_waiting(session: AsyncSession, *, actor: Actor) -> int:
    """Return how many there are."""
    statement = select(func.count()).select_from(Ticket).where(reading.visible_to(actor), waiting(clock.now()))
    return await session.scalar(statement) or 0


async def attempts(session: AsyncSession, ticket: Ticket) -> Sequence[CallbackAttempt]:
    """Return the calls that brought no answers, oldest first."""
    found = select(CallbackAttempt).where(CallbackAttempt.ticket_id == ticket.id).order_by(CallbackAttempt.id)
    return (await session.scalars(found)).all()


async def tried(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, outcome: str, again_at: datetime | None, text: str
) -> Ticket:
    """Keep a call that brought no answers on a locked ticket; the last one closes it.

    Several on one day count as one. `again_at`: when the citizen wants to be called. Raises BadInput for another
    outcome, or a moment that is past or more than 30 days away.
    """
    if outcome not in set(Outcome):
        raise BadInput(say("refused.outcome"))
    now = clock.now()
    if outcome == Outcome.AGAIN and not (again_at and now < again_at <= now + FARTHEST):
        raise BadInput(say("refused.again_at", days=FARTHEST.days))
    again_at = again_at if outcome == Outcome.AGAIN else None
    today = [
        each
        for each in await attempts(session, ticket)
        if each.outcome == Outcome.NOT_REACHED and _day(each.at) == _day(now) and each.at >= (ticket.replied_at or now)
    ]
    session.add(CallbackAttempt(ticket_id=ticket.id, at=now, by=str(actor), outcome=outcome, again_at=again_at))
    if outcome == Outcome.NOT_REACHED and not today:
        ticket.callbacks += 1
    # Tomorrow in the morning; who asked for a time is called then.
    ticket.callback_at = again_at or _at_hour(now, 1)
    await steps.record(session, ticket, "called", actor=actor, text=text, outcome=outcome, calls=ticket.callbacks)
    if outcome == Outcome.REFUSED:
        await _give_up(session, ticket, End.REFUSED)
    elif ticket.callbacks >= rules().survey.calls:
        await _give_up(session, ticket, End.NOT_REACHED)
    return ticket


@jobs.sweep("callbacks.anonymous", seconds=60)
async def sweep() -> None:
    """Close what nobody can be called about: no conversation was had and no number left."""
    closed = BATCH
    while closed == BATCH:
        async with transaction() as session:
            nobody = waiting(clock.now()) & Ticket.conversation.is_(None) & ~citizens.has_phone()
            found = await session.scalars(
                select(Ticket)
                .where(nobody)
                .order_by(Ticket.callback_at)
                .limit(BATCH)
                .with_for_update(key_share=True, skip_locked=True)
            )
            tickets = found.all()
            for ticket in tickets:
                await _give_up(session, ticket, End.ANONYMOUS)
            closed = len(tickets)


async def _give_up(session: AsyncSession, ticket: Ticket, end: End) -> None:
    """Close a ticket whose citizen gives no answers; who was not reached, or thinks better of it, may still answer."""
    workflow.move(ticket, "close")
    ticket.survey_end, ticket.callback_at, ticket.closed_at = end, None, clock.now()
    await timing.void(session, ticket, *ClockKind)
    survey = rules().survey
    reason = say(f"closed.{end}", settings().locale, calls=survey.calls, days=survey.late_days)
    event = await steps.record(session, ticket, "closed", actor=SYSTEM, text=reason, survey=end)
    await steps.tell(session, ticket, event, reason=reason)


def _at_hour(moment: datetime, days: int) -> datetime:
    """Return when calls begin so many days after a moment."""
    local = clock.local(moment, city().time_zone) + timedelta(days=days)
    hour = rules().survey.call_from
    return local.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)


def _day(moment: datetime) -> object:
    return clock.local(moment, city().time_zone).date()


async def survey(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, contacted: bool, solved: bool, satisfied: int, text: str
) -> Ticket:
    """Keep the answers on a locked ticket and move it on. Raises BadInput unless `satisfied` is 1 to 5.

    A citizen who answers reads at once what follows (`notices.vote_words`); no notice says it again.
    """
    if not 1 <= satisfied <= 5:
        raise BadInput(say("refused.satisfied"))
    ticket.contacted, ticket.solved, ticket.satisfied = contacted, solved, satisfied
    ticket.surveyed_at, ticket.callback_at, ticket.survey_end = clock.now(), None, None
    await timing.meet(session, ticket, ClockKind.CALLBACK)
    late = ticket.state == "closed"  # closed without the answers, which come after all
    if solved and not late:
        workflow.move(ticket, "solved")
        ticket.closed_at = clock.now()
    await steps.record(
        session, ticket, "rated", actor=actor, text=text, contacted=contacted, solved=solved, satisfied=satisfied
    )
    await jobs.defer(session, "quality.review", lock=f"ticket:{ticket.number}", number=ticket.number)
    if not solved and ticket.reopened < rules().survey.reopen_times:
        await _reopen(session, ticket, actor=actor, late=late)
    elif not solved:
        workflow.move(ticket, "dispute" if late else "escalate")
        ticket.supervised = True
        await (reopening.take_up if late else reopening.begin_again)(session, ticket)
        event = await steps.record(session, ticket, "escalated", actor=actor, department=ticket.lead)
        await _tell(session, ticket, event, actor=actor, due=await due_words(session, ticket))
    return ticket


async def _reopen(session: AsyncSession, ticket: Ticket, *, actor: Actor, late: bool) -> None:
    workflow.move(ticket, "reopen_closed" if late else "reopen")
    if late:
        await reopening.take_up(session, ticket)
    else:
        ticket.reopened += 1
        ticket.accepted_at = None
        await reopening.begin_again(session, ticket)
    if ticket.lead is None:  # answered at once: now it goes to whose duty it is
        event = await steps.record(session, ticket, "unanswered", actor=actor)
        return await _tell(session, ticket, event, actor=actor)
    event = await steps.record(session, ticket, "reopened", actor=actor, department=ticket.lead)
    name = tree().get(ticket.lead).short_name
    await _tell(session, ticket, event, actor=actor, department=name, due=await due_words(session, ticket))


async def _tell(session: AsyncSession, ticket: Ticket, event: Event, *, actor: Actor, **content: str) -> None:
    """Tell the citizen for whom somebody else has answered."""
    if actor.kind != "citizen":
        await steps.tell(session, ticket, event, **content)

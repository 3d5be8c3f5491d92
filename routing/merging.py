"""并单: several tickets on one matter, one of them the master. No citizen is lost by it.

Whoever follows a master keeps number, code, notices, callback and vote. Department, clocks and parts are the master's.
A ticket that follows is led by the master's department, so that it sees what citizens add; its own author stays as
hidden as before, and no citizen reads a word about another.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import SYSTEM, Actor
from core.database import transaction
from core.errors import Conflict
from core.text.normalise import clean
from intents import RequestType
from routing import applications, callbacks, feed, negotiated, orders, reading, steps, timing, workflow
from routing.applications import TicketApplication
from routing.hiding import is_secret, without_all
from routing.messages import say
from routing.models import Ticket, TicketCitizen, TicketClock
from routing.negotiated import Negotiation
from routing.notices import survey_questions
from routing.orders import TicketOrder
from routing.parts import TicketPart
from routing.policy import ClockKind
from routing.tree import tree

BATCH = 100  # tickets that are told of a reply in one transaction


async def open_master(session: AsyncSession, number: str) -> Ticket:
    """Return the ticket that whoever joins `number` will follow, kept from ending until the transaction does.

    Any number may join at once: they do not wait for each other. Raises NotFound, Conflict for one that is finished.
    """
    statement = select(Ticket).where(Ticket.number == clean(number)).with_for_update(read=True)
    ticket = await session.scalar(statement.execution_options(populate_existing=True))
    ticket = (ticket and await master_of(session, ticket, shared=True)) or ticket
    if ticket is None:
        # The same words as for a stranger's ticket.
        return await reading.find(session, number, actor=Actor(kind="citizen"))
    if ticket.state in workflow.FINISHED or ticket.state == "merged":
        raise Conflict(say("refused.master_finished", state=say(f"state.{ticket.state}")))
    return ticket


async def follow(session: AsyncSession, ticket: Ticket, master: Ticket, *, actor: Actor, reason: str) -> None:
    """Let a ticket follow a master, and with it those that followed it. Both rows are locked by the caller.

    Raises Conflict where they are one, where either is finished or sealed, and where an ordinary ticket would follow
    one whose author is secret: its citizen would read what was done about the other.
    """
    _check(ticket, master)
    workflow.move(ticket, "merge")
    await timing.void(session, ticket, *ClockKind)
    await end_requests(session, ticket, actor=actor)
    before, ticket.merged_into = ticket.lead, master.id
    ticket.lead, ticket.co_handlers = master.lead, []
    # Only who comes is written: those that follow already are many, and others join them at this moment.
    values: dict[str, Any] = {"merged_into": master.id, "lead": master.lead, "co_handlers": []}
    came = await session.scalars(update(Ticket).where(_followers(ticket)).values(values).returning(Ticket.id))
    await _tell_systems(session, came.all(), before, master.lead, actor=actor)
    event = await steps.record(
        session,
        ticket,
        "merged",
        actor=actor,
        text=reason,
        also=(before,) if before else (),
        into=master.number,
        department=ticket.lead,
        before=before,
    )
    if actor.kind != "citizen":  # who joins by their own word is told where they said it
        await steps.tell(session, ticket, event)


def _check(ticket: Ticket, master: Ticket) -> None:
    if ticket.id == master.id:
        raise Conflict(say("refused.merged_itself"))
    if master.state in workflow.FINISHED or master.state == "merged":
        raise Conflict(say("refused.master_finished", state=say(f"state.{master.state}")))
    if ticket.sealed or master.sealed or (_is_secret(master) and not _is_secret(ticket)):
        raise Conflict(say("refused.merged_secret"))


def _is_secret(ticket: Ticket) -> bool:
    return is_secret(request_type=ticket.request_type, confidential=ticket.confidential)


async def hand_on(session: AsyncSession, master: Ticket, before: str | None, *, actor: Actor) -> None:
    """Give whoever follows the master its department; `before`: the one that led until now."""
    values: dict[str, Any] = {"lead": master.lead, "co_handlers": []}
    await session.flush()
    went = await session.scalars(update(Ticket).where(_followers(master)).values(values).returning(Ticket.id))
    await _tell_systems(session, went.all(), before, master.lead, actor=actor)


async def _tell_systems(
    session: AsyncSession, ids: Sequence[int], before: str | None, lead: str | None, *, actor: Actor
) -> None:
    """Let the systems of both departments hear that tickets went from one to the other with their master."""
    if before == lead:
        return
    kind = steps.PREFIX + ("reassigned" if before else "dispatched")
    departments = [code for code in (before, lead) if code]
    await feed.hand_over_followers(session, ids, kind, actor=actor, departments=departments)


async def master_of(session: AsyncSession, ticket: Ticket, *, shared: bool = False) -> Ticket | None:
    """Return the master that the ticket follows now, `shared`: kept from changing; None where it follows none."""
    if ticket.state != "merged" or ticket.merged_into is None:
        return None
    statement = select(Ticket).where(Ticket.id == ticket.merged_into)
    if shared:
        statement = statement.with_for_update(read=True).execution_options(populate_existing=True)
    return await session.scalar(statement)


async def followers(session: AsyncSession, master: Ticket, *, limit: int | None = None) -> Sequence[Ticket]:
    """Return the tickets that follow the master now, the oldest first."""
    return (await session.scalars(select(Ticket).where(_followers(master)).order_by(Ticket.id).limit(limit))).all()


def _followers(master: Ticket) -> ColumnElement[bool]:
    return (Ticket.merged_into == master.id) & (Ticket.state == "merged")


async def carry_reply(session: AsyncSession, master: Ticket, *, actor: Actor) -> None:
    """Give the master's result to those that follow it; a job goes on where they are many."""
    statement = (
        select(Ticket).where(_followers(master)).order_by(Ticket.id).limit(BATCH).with_for_update(key_share=True)
    )
    found = (await session.scalars(statement.execution_options(populate_existing=True))).all()
    if not found:
        return
    result = await _for_others(session, [master, *found], master.result or "")
    basis = await _for_others(session, [master, *found], master.basis or "")
    for ticket in found:
        ticket.result, ticket.basis, ticket.accepted_at = result, basis or None, master.accepted_at
        workflow.move(ticket, "reply_with_master")
        ticket.replied_at = clock.now()
        await timing.start(session, ticket, ClockKind.CALLBACK)
        callbacks.ask(ticket)
        if ticket.lead is None:  # the centre answered the master at once
            event = await steps.record(session, ticket, "answered", actor=actor, text=result)
            await steps.tell(session, ticket, event, result=result, questions=survey_questions())
            continue
        event = await steps.record(session, ticket, "replied", actor=actor, text=result, department=ticket.lead)
        name = tree().get(ticket.lead).short_name
        await steps.tell(session, ticket, event, department=name, result=result, questions=survey_questions())
    if len(found) == BATCH:
        await jobs.defer(session, "tickets.carry_reply", lock=f"ticket:{master.number}", number=master.number)


@jobs.task("tickets.carry_reply")
async def carry_on(number: str) -> None:
    """Give the result to the next of those that follow; where the master was reopened they wait for its next reply."""
    async with transaction() as session:
        master = await reading.find(session, number, actor=SYSTEM, lock=True)
        if master.state in {"replied", "closed"} and master.replied_at is not None:
            await carry_reply(session, master, actor=SYSTEM)


async def _for_others(session: AsyncSession, tickets: Sequence[Ticket], text: str) -> str:
    """Return words about one matter without any of the citizens who reported it: others read them."""
    ids = [ticket.id for ticket in tickets]
    rows = await session.execute(
        select(TicketCitizen.name, TicketCitizen.phone).where(TicketCitizen.ticket_id.in_(ids))
    )
    return without_all(text, [(name, phone) for name, phone in rows])


async def pass_on(session: AsyncSession, master: Ticket, state: str, *, actor: Actor) -> Ticket | None:
    """Let the oldest ticket that follows stand where the master stood, and the others follow it.

    A secret one only where all are: an ordinary ticket follows no secret one.
    `state`: the master's before it ended. Lead, clocks, parts, applications and orders go with it: nothing begins anew.
    """
    secret = Ticket.confidential | (Ticket.request_type == RequestType.TIP_OFF)
    statement = (
        select(Ticket).where(_followers(master)).order_by(secret, Ticket.id).limit(1).with_for_update(key_share=True)
    )
    heir = await session.scalar(statement.execution_options(populate_existing=True))
    if heir is None:
        return None
    workflow.move(heir, f"succeed_{state}")
    heir.merged_into = None
    for name in INHERITED:
        setattr(heir, name, getattr(master, name))
    master.open_parts, master.applied, master.supervision = {}, None, None
    await session.flush()
    waiting = TicketClock.met_at.is_(None) & TicketClock.void_at.is_(None)
    await session.execute(
        update(TicketClock).where(TicketClock.ticket_id == master.id, waiting).values(ticket_id=heir.id)
    )
    for table in (TicketApplication, TicketPart, TicketOrder):
        await session.execute(update(table).where(table.ticket_id == master.id).values(ticket_id=heir.id))
    asked = (Negotiation.ticket_id == master.id) & (Negotiation.state == "open")
    await session.execute(update(Negotiation).where(asked).values(ticket_id=heir.id))
    if _is_secret(heir) and not _is_secret(master):
        await negotiated.shut_out(session, heir)
    await session.execute(update(Ticket).where(_followers(master)).values(merged_into=heir.id))
    for each in (master, heir):
        await timing.settle(session, each)
    await steps.record(session, heir, "succeeded", actor=actor, master=master.number, department=heir.lead)
    return heir


INHERITED = (
    "lead",
    "co_handlers",
    "dispatched_at",
    "accepted_at",
    "returns",
    "return_refused",
    "applied",
    "extensions",
    "extended_days",
    "open_parts",
    "supervision",
    "supervised",
)


async def end_requests(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> None:
    """End what is waited for or owed on this ticket: application, suspension, parts; unless it was replied, also the
    centre's order and the negotiation. (Of a replied one the question stays: its answer serves the next.)
    """
    await applications.lapse(session, ticket)
    await session.execute(
        update(TicketPart)
        .where(TicketPart.ticket_id == ticket.id, TicketPart.answered_at.is_(None), TicketPart.void_at.is_(None))
        .values(void_at=clock.now())
    )
    ticket.open_parts = {}
    if ticket.state == "replied":
        return
    if order := await orders.running(session, ticket):
        order.ended_at, ticket.supervision = clock.now(), None
    await negotiated.end_with(session, ticket, actor=actor)

"""取消并单: a ticket that followed a master goes its own way again, by somebody's decision or because it must."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.auth import SYSTEM, Actor
from core.database import transaction
from intents import RequestType
from routing import reading, steps, timing, workflow
from routing.hiding import is_secret
from routing.messages import say
from routing.models import Ticket
from routing.policy import ClockKind

BATCH = 100  # tickets that go their own way in one transaction
DEPARTMENT_CLOCKS = (ClockKind.ACCEPT, ClockKind.CONTACT, ClockKind.RETURN)


async def go_alone(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, reason: str, notice: str = "unmerged"
) -> None:
    """Let a locked ticket that follows a master stand for itself, with its citizen's own clock, which never stopped.

    It is with the master's department, which may say that it is not its duty; one without a department is new again and
    dispatched for itself. `notice`: the message that its citizen gets.
    """
    workflow.move(ticket, "unmerge")
    ticket.merged_into = None
    await timing.revive(session, ticket, ClockKind.RESOLVE)
    if ticket.lead:
        ticket.accepted_at, ticket.return_refused = None, False
        ticket.dispatched_at = ticket.dispatched_at or ticket.opened_at
        await timing.start(session, ticket, *DEPARTMENT_CLOCKS)
    else:
        await jobs.defer(session, "tickets.dispatch", lock=f"ticket:{ticket.number}", number=ticket.number)
    event = await steps.record(session, ticket, "unmerged", actor=actor, text=reason, department=ticket.lead)
    await steps.tell(session, ticket, event, notice=notice)


async def leave_secret(session: AsyncSession, master: Ticket) -> None:
    """Let ordinary tickets that follow one that has become secret stand for themselves; a job goes on where many do.

    Their citizens would read what is done about the secret one, and are not told why they read it no longer.
    """
    if not is_secret(request_type=master.request_type, confidential=master.confidential):
        return
    ordinary = ~Ticket.confidential & (Ticket.request_type != RequestType.TIP_OFF)
    statement = select(Ticket).where(Ticket.merged_into == master.id, Ticket.state == "merged", ordinary)
    statement = statement.order_by(Ticket.id).limit(BATCH).with_for_update(key_share=True)
    found = (await session.scalars(statement.execution_options(populate_existing=True))).all()
    for ticket in found:
        await go_alone(session, ticket, actor=SYSTEM, reason=say("unmerge.secret"), notice="alone")
    if len(found) == BATCH:
        await jobs.defer(session, "tickets.leave_secret", lock=f"ticket:{master.number}", number=master.number)


@jobs.task("tickets.leave_secret")
async def leave_on(number: str) -> None:
    """Let the next of the tickets that follow a secret one stand for themselves."""
    async with transaction() as session:
        await leave_secret(session, await reading.find(session, number, actor=SYSTEM, lock=True))

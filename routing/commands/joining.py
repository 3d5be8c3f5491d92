"""Several tickets and one matter, one ticket and several matters: merge, unmerge, split, link, tell apart."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from core.errors import BadInput, Conflict
from core.text.normalise import clean
from routing import granting, links, merging, reading, splitting, steps, suspected, unmerging, workflow
from routing.commands.taking import take, words
from routing.links import TicketLink
from routing.messages import say
from routing.models import Ticket
from routing.opening import Opened


async def merge(session: AsyncSession, number: str, *, actor: Actor, into: str, reason: str) -> Ticket:
    """并单: let the ticket follow `into`, or the master of that; whoever followed it comes along.

    Raises Conflict for one ticket twice, finished and sealed ones, and an ordinary ticket into a secret one.
    """
    reason = words(reason, wanted="reason")
    granting.check(await reading.find(session, number, actor=actor), "merge", actor=actor)
    other = await reading.find(session, into, actor=actor)
    root = await merging.master_of(session, other) or other
    # Both rows in one order, whichever is named first: two agents who merge crosswise do not wait for each other.
    for each in sorted({clean(number), root.number}):
        await reading.find(session, each, actor=actor, lock=True)
    ticket = await take(session, number, "merge", actor=actor)
    if root.state == "merged":
        raise Conflict(say("refused.changed_meanwhile"))
    await merging.follow(session, ticket, root, actor=actor, reason=reason)
    for said in {other.id: other, root.id: root}.values():
        await suspected.settle(session, ticket, said, "one")
    await suspected.hand_over(session, ticket, root)
    return ticket


async def unmerge(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> Ticket:
    """取消并单: the ticket goes its own way again (`unmerging.go_alone`)."""
    ticket = await take(session, number, "unmerge", actor=actor)
    reason = words(reason, wanted="reason")
    master = await merging.master_of(session, ticket)
    await unmerging.go_alone(session, ticket, actor=actor, reason=reason)
    if master is not None:
        await suspected.settle(session, ticket, master, "apart")
    return ticket


async def split(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    title: str,
    description: str,
    reason: str,
    category: str | None = None,
    request_type: str | None = None,
) -> Opened:
    """拆单: a ticket that holds two matters gives one of them to a second ticket of the same citizen.

    The second has its own number and code, which the citizen is told, and is dispatched for itself; it is returned.
    """
    ticket = await take(session, number, "split", actor=actor)
    reason = words(reason, wanted="reason")
    workflow.move(ticket, "split")
    second = await splitting.split_off(
        session,
        ticket,
        actor=actor,
        title=title,
        description=description,
        category=category,
        request_type=request_type,
    )
    event = await steps.record(session, ticket, "split_off", actor=actor, text=reason, other=second.ticket.number)
    await steps.tell(session, ticket, event, other=second.ticket.number, code=second.code, title=second.ticket.title)
    return second


async def link(session: AsyncSession, number: str, *, actor: Actor, other: str) -> Ticket:
    """关联: let each of two tickets name the other. Nothing else follows. Raises Conflict where they do already."""
    ticket, second = await _both(session, number, other, "link", actor=actor)
    if await links.between(session, ticket, second):
        raise Conflict(say("refused.linked"))
    first_id, second_id = sorted((ticket.id, second.id))
    session.add(TicketLink(first_id=first_id, second_id=second_id))
    for one, two in ((ticket, second), (second, ticket)):
        await steps.record(session, one, "linked", actor=actor, other=two.number)
    return ticket


async def unlink(session: AsyncSession, number: str, *, actor: Actor, other: str) -> Ticket:
    """取消关联. Raises Conflict where the two were not linked."""
    ticket, second = await _both(session, number, other, "unlink", actor=actor)
    found = await links.between(session, ticket, second)
    if found is None:
        raise Conflict(say("refused.not_linked"))
    await session.delete(found)
    for one, two in ((ticket, second), (second, ticket)):
        await steps.record(session, one, "unlinked", actor=actor, other=two.number)
    return ticket


async def tell_apart(session: AsyncSession, number: str, *, actor: Actor, other: str) -> Ticket:
    """判为不同: keep that two tickets, however alike, are two matters: they are not suspected again to be one.

    Raises Conflict where that was said before, and while one follows the other.
    """
    ticket, second = await _both(session, number, other, "tell_apart", actor=actor)
    for one, two in ((ticket, second), (second, ticket)):
        if one.state == "merged" and one.merged_into == two.id:
            raise Conflict(say("refused.apart_merged"))
    if not await suspected.settle(session, ticket, second, "apart"):
        raise Conflict(say("refused.told_apart"))
    for one, two in ((ticket, second), (second, ticket)):
        await steps.record(session, one, "told_apart", actor=actor, other=two.number)
    return ticket


async def _both(session: AsyncSession, number: str, other: str, command: str, *, actor: Actor) -> tuple[Ticket, Ticket]:
    granting.check(await reading.find(session, number, actor=actor), command, actor=actor)
    for each in sorted({clean(number), clean(other)}):
        await reading.find(session, each, actor=actor, lock=True)
    ticket = await take(session, number, command, actor=actor)
    second = await session.scalar(select(Ticket).where(Ticket.number == clean(other)))
    if second is None or second.id == ticket.id:
        raise BadInput(say("refused.linked_itself"))
    return ticket, second

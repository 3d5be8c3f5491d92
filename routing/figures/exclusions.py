"""What a person decides: that a ticket is not to count, for a reason of the city's list, or counts again."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict
from routing import reading, steps
from routing.commands.taking import words
from routing.figures.tables import FigureExclusion
from routing.messages import say
from routing.models import Ticket
from routing.rules import Exclusion, rules


def given() -> list[Exclusion]:
    """Return the reasons that a person may give."""
    return [each for each in rules().exclusions if each.by == "person"]


async def exclude(session: AsyncSession, number: str, *, actor: Actor, reason: str, note: str) -> Ticket:
    """剔除: keep a ticket out of the figures that the reason's data name; who, when and why stands in the ledger.

    `reason`: a code of the city's list; `note`: in a sentence, why it holds. The department reads both. Raises
    Forbidden for whoever may not rule, BadInput for another reason or no note, Conflict where it is excluded already.
    """
    actor.must(Permission.TICKET_RULE)
    if reason not in {each.code for each in given()}:
        raise BadInput(say("refused.exclusion"))
    note = words(note, wanted="reason")
    ticket = await reading.find(session, number, actor=actor, lock=True)
    if await excluded(session, ticket) is not None:
        raise Conflict(say("refused.excluded"))
    session.add(FigureExclusion(ticket_id=ticket.id, reason=reason, by=str(actor), at=clock.now()))
    await steps.record(session, ticket, "excluded", actor=actor, text=note, reason=reason)
    return ticket


async def include(session: AsyncSession, number: str, *, actor: Actor, note: str) -> Ticket:
    """Let an excluded ticket count again. Raises as `exclude`, Conflict where it counts already."""
    actor.must(Permission.TICKET_RULE)
    note = words(note, wanted="reason")
    ticket = await reading.find(session, number, actor=actor, lock=True)
    if await excluded(session, ticket) is None:
        raise Conflict(say("refused.not_excluded"))
    await session.execute(delete(FigureExclusion).where(FigureExclusion.ticket_id == ticket.id))
    await steps.record(session, ticket, "included", actor=actor, text=note)
    return ticket


async def excluded(session: AsyncSession, ticket: Ticket) -> str | None:
    """Return the reason for which a person excluded the ticket, or None."""
    return await session.scalar(select(FigureExclusion.reason).where(FigureExclusion.ticket_id == ticket.id))

"""What agents do for a citizen who asks for it by telephone: the ticket's own commands, without its code."""

from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from routing.commands import acting
from routing.commands.taking import take, words
from routing.models import Ticket


async def urge_for(session: AsyncSession, number: str, *, actor: Actor, text: str = "") -> Ticket:
    """催办: remind the department for the citizen; the pause between two reminders is the same."""
    ticket = await take(session, number, "urge", actor=actor)
    return await acting.urge(session, ticket, actor=actor, text=words(text))


async def supplement_for(session: AsyncSession, number: str, *, actor: Actor, text: str) -> Ticket:
    """补充: add what the citizen says."""
    ticket = await take(session, number, "supplement", actor=actor)
    return await acting.supplement(session, ticket, actor=actor, text=words(text, wanted="text"))


async def withdraw_for(session: AsyncSession, number: str, *, actor: Actor, reason: str) -> Ticket:
    """撤单: the citizen no longer asks for it; the reason says how they told."""
    ticket = await take(session, number, "withdraw", actor=actor)
    return await acting.withdraw(session, ticket, actor=actor, reason=words(reason, wanted="reason"))

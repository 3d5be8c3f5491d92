"""What every command begins with: the locked ticket, and the right to give the command."""

from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from core.errors import BadInput, Conflict
from core.text.normalise import clean
from routing import granting, reading, timing
from routing.messages import say
from routing.models import Ticket
from routing.status import CITIZEN

LONGEST_WORDS = 10_000  # characters


async def take(session: AsyncSession, number: str, command: str, *, actor: Actor) -> Ticket:
    """Return the ticket, locked until the transaction ends. Raises unless the actor may give the command now."""
    ticket = await reading.find(session, number, actor=actor, lock=True)
    granting.check(ticket, command, actor=actor)
    within = granting.COMMANDS[command].within
    if within is not None and within not in await timing.in_time(session, ticket):
        raise Conflict(say(f"refused.{command}_late"), state=ticket.state)
    return ticket


async def take_by_code(session: AsyncSession, number: str, code: str, command: str) -> Ticket:
    """Return the citizen's ticket, locked until the transaction ends. Raises unless the command is possible now."""
    ticket = await reading.by_code(session, number, code, lock=True)
    granting.check(ticket, command, actor=CITIZEN)
    return ticket


def words(text: str, *, wanted: str | None = None) -> str:
    """Return `text` without markup, control characters and blanks around it.

    Raises BadInput when it is too long, or empty where `wanted` names what is asked for.
    """
    text = clean(text)
    if len(text) > LONGEST_WORDS:
        raise BadInput(say("refused.too_long", most=LONGEST_WORDS))
    if wanted and not text:
        raise BadInput(say("refused.empty", wanted=say(f"words.{wanted}")))
    return text

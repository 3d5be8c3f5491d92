"""Tickets: opened, read, and shown. What is done to them stands in `routing.commands`.

Whoever imports this registers the jobs `tickets.dispatch` and `quality.review`, the
sweeps of the clocks, of calls and of figures: no worker can miss them.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from core.ledger import Event
from core.text.normalise import clean
from routing import callbacks, clock_moves, dispatching, growing, reading, steps, supervision
from routing.figures import following
from routing.models import Ticket
from routing.nearby import Similar, near
from routing.opening import Draft, Opened, open
from routing.public import PublicTicket, reported_through
from routing.quality import counting, reviewing
from routing.reading import by_code, counts, find, listing, visible_to
from routing.status import allowed, public_status, shown_clocks, urge_again_at
from routing.steps import Step

__all__ = [
    "Draft",
    "Opened",
    "PublicTicket",
    "Similar",
    "Step",
    "Ticket",
    "allowed",
    "by_code",
    "callbacks",
    "clock_moves",
    "counting",
    "counts",
    "dispatching",
    "find",
    "following",
    "growing",
    "history",
    "listing",
    "near",
    "open",
    "public_status",
    "reported_through",
    "reviewing",
    "shown_clocks",
    "supervision",
    "urge_again_at",
    "version",
    "visible_to",
]


async def history(session: AsyncSession, number: str, *, actor: Actor) -> list[Step]:
    """Return every step of a ticket that the actor sees, oldest first, with the words that belong to it."""
    return await steps.read(session, await reading.find(session, number, actor=actor), actor=actor)


async def version(session: AsyncSession, number: str) -> int:
    """Return how many events a ticket has had: it grows with every step. 0 for an unknown one."""
    subject = f"ticket:{clean(number)}"
    return await session.scalar(select(func.max(Event.number)).where(Event.subject == subject)) or 0

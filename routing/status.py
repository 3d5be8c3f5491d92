"""What a citizen may read of their own ticket."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.settings import settings
from routing import applications, granting, merging, reading, steps, timing
from routing.messages import say
from routing.models import Ticket
from routing.steps import Step
from routing.tree import tree

CITIZEN = Actor(kind="citizen")


def allowed(ticket: Ticket, *, actor: Actor) -> list[str]:
    """Return the commands that the actor may give on the ticket now."""
    return [
        command
        for command in granting.COMMANDS
        if granting.entitled(ticket, command, actor) and granting.possible(ticket, command, actor)
    ]


async def public_status(session: AsyncSession, number: str, code: str) -> dict[str, Any]:
    """Return number, state, clocks, steps, result and what the citizen may do now, as plain JSON values.

    Raises NotFound, the same for a wrong number and a wrong code.
    """
    ticket = await reading.by_code(session, number, code)
    locale = settings().locale
    master = await merging.master_of(session, ticket)
    held = await applications.suspension(session, master or ticket)
    lead = tree().get(ticket.lead).short_name if ticket.lead and ticket.lead in tree() else None
    return {
        "number": ticket.number,
        "title": ticket.title,
        "state": ticket.state,
        "state_name": say(f"state.{ticket.state}", locale),
        "opened_at": ticket.opened_at.isoformat(),
        "department": lead,
        "clocks": await shown_clocks(session, master or ticket),
        "steps": [
            {"at": step.at.isoformat(), "name": step.name, "text": step.text}
            for step in await _public_steps(session, ticket, master)
        ],
        "suspended_until": held.until.isoformat() if held and held.until else None,
        "result": ticket.result if ticket.state in {"replied", "closed"} else None,
        "may": allowed(ticket, actor=CITIZEN),
    }


async def _public_steps(session: AsyncSession, ticket: Ticket, master: Ticket | None) -> list[Step]:
    """Return what the citizen reads; of the master that their ticket follows, the steps, not the words."""
    own = await steps.read(session, ticket, public=True)
    if master is None:
        return own
    shared = [step for step in await steps.read(session, master, public=True) if step.kind in steps.SHARED]
    return sorted([*own, *shared], key=lambda step: step.at)


async def shown_clocks(session: AsyncSession, ticket: Ticket) -> list[dict[str, Any]]:
    """Return the ticket's clocks as every screen shows them, the one that ends first first."""
    now, locale = clock.now(), settings().locale
    return [
        {
            "kind": row.kind,
            "name": say(f"clock.{row.kind}", locale),
            "due_at": row.due_at.isoformat(),
            "met_at": row.met_at.isoformat() if row.met_at else None,
            "state": str(timing.state_of(row, now)),
            "provisional": row.provisional,
        }
        for row in await timing.current(session, ticket)
    ]

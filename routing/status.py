"""What a citizen may read of their own ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.settings import settings
from routing import applications, clock_rows, granting, merging, reading, steps, timing
from routing.messages import say
from routing.models import Ticket, TicketCitizen
from routing.policy import ClockKind
from routing.steps import Step
from routing.tree import tree

CITIZEN = Actor(kind="citizen")
LEFT = frozenset({"answered", "replied", "withdrawn"})  # the first such step of theirs, and they follow no longer


async def allowed(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> list[str]:
    """Return the commands that the actor may give now; none whose time has ended, no urging in its pause."""
    found = [
        command
        for command in granting.COMMANDS
        if granting.entitled(ticket, command, actor) and granting.possible(ticket, command, actor)
    ]
    if granting.urged_until(ticket):
        found = [command for command in found if command != "urge"]
    timed = {command: kind for command in found if (kind := granting.COMMANDS[command].within)}
    in_time = await timing.in_time(session, ticket) if timed else frozenset()
    return [command for command in found if command not in timed or timed[command] in in_time]


async def public_status(session: AsyncSession, number: str, code: str, *, locale: str | None = None) -> dict[str, Any]:
    """Return number, state, clocks, steps, result and what the citizen may do now, as plain JSON values.

    `locale`: the language of names and steps, None for the setting. The clock for getting in touch is shown to whoever
    left a number. Raises NotFound, the same for a wrong number and a wrong code.
    """
    ticket = await reading.by_code(session, number, code)
    locale = locale or settings().locale
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
        "clocks": await _own_clocks(session, ticket, master or ticket, locale),
        "steps": [
            {"at": step.at.isoformat(), "name": step.name, "text": step.text}
            for step in await _public_steps(session, ticket, locale)
        ],
        "suspended_until": held.until.isoformat() if held and held.until else None,
        "result": ticket.result if ticket.state in {"replied", "closed"} else None,
        "may": await allowed(session, ticket, actor=CITIZEN),
        "urge_again_at": again.isoformat() if (again := urge_again_at(ticket)) else None,
    }


def urge_again_at(ticket: Ticket) -> datetime | None:
    """Return when an open ticket that was just urged may be urged again; None where it may be now, or is done."""
    return granting.urged_until(ticket) if granting.possible(ticket, "urge", CITIZEN) else None


async def _public_steps(session: AsyncSession, ticket: Ticket, locale: str) -> list[Step]:
    """Return what the citizen reads; of a master that their ticket follows or followed, the steps, not the words.

    Only from their joining on, until they had an end of their own: what was done before was not done for them.
    """
    own = await steps.read(session, ticket, public=True, locale=locale)
    joined = next((step.at for step in reversed(own) if step.kind == "merged"), None)
    if joined is None or ticket.merged_into is None:
        return own
    left = next((step.at for step in own if step.at >= joined and step.kind in LEFT), None)
    master = (await session.scalars(select(Ticket).where(Ticket.id == ticket.merged_into))).one()
    shared = [
        step
        for step in await steps.read(session, master, public=True, locale=locale)
        if step.kind in steps.SHARED and joined <= step.at and (left is None or step.at <= left)
    ]
    return sorted([*own, *shared], key=lambda step: step.at)


async def _own_clocks(session: AsyncSession, ticket: Ticket, led: Ticket, locale: str) -> list[dict[str, Any]]:
    """Return the clocks of `led`, the ticket or its master, as the ticket's citizen follows them."""
    found = await shown_clocks(session, led, locale=locale)
    citizen = await session.get(TicketCitizen, ticket.id)
    if citizen is None or not citizen.phone:  # nobody can be waiting for a call
        return [each for each in found if each["kind"] != ClockKind.CONTACT]
    return found


async def shown_clocks(session: AsyncSession, ticket: Ticket, *, locale: str | None = None) -> list[dict[str, Any]]:
    """Return the ticket's clocks as every screen shows them, the one that ends first first."""
    now, locale = clock.now(), locale or settings().locale
    return [
        {
            "kind": row.kind,
            "name": say(f"clock.{row.kind}", locale),
            "due_at": row.due_at.isoformat(),
            "met_at": row.met_at.isoformat() if row.met_at else None,
            "state": str(clock_rows.state_of(row, now)),
            "provisional": row.provisional,
        }
        for row in await timing.current(session, ticket)
    ]

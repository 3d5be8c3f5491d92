"""A warning as pages and interface show it."""

from typing import Any

from core.privacy import mask_text
from routing.messages import say
from routing.warnings import Warned


def shown(each: Warned, locale: str) -> dict[str, Any]:
    """Return the warning with the names of its codes; of a ticket that is not theirs to read, without the title."""
    return {
        "clock_id": each.clock.id,
        "number": each.ticket.number,
        "title": mask_text(each.ticket.title) if each.readable else None,
        "department": each.ticket.lead,
        "kind": each.clock.kind,
        "name": say(f"clock.{each.clock.kind}", locale),
        "percent": each.warning.percent,
        "at": each.warning.at,
        "due_at": each.clock.due_at,
        "provisional": each.clock.provisional,
    }

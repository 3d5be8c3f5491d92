"""The lists of tickets that wait for the centre."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.pages import choices
from admin.staff.pages.route import Viewer
from admin.staff.tickets import reading
from core import clock
from core.errors import NotFound
from routing import agenda, callbacks, tickets

# Name of the list, and the state of the tickets in it; overdue ones are in any state. Of replied tickets those whose
# citizens did not answer alone in time.
LISTS: dict[str, str | None] = {"dispatch": "new", "returns": "returned", "callbacks": "replied", "overdue": None}
ROWS = 12  # shown at once, the most pressing first; what is done makes room for the next


async def totals(session: AsyncSession, view: Viewer) -> dict[str, int]:
    """Return how many tickets each list holds."""
    counts = await tickets.counts(session, actor=view.actor)
    late = await agenda.overdue(session, actor=view.actor)
    calls = await callbacks.count_waiting(session, actor=view.actor)
    found = {name: counts[state] if state else late for name, state in LISTS.items()}
    return found | {"callbacks": calls}


async def shown(session: AsyncSession, view: Viewer, name: str) -> dict[str, Any]:
    """Return what a list shows. Raises NotFound for an unknown one."""
    if name not in LISTS:
        raise NotFound("没有这个列表。")
    state = LISTS[name]
    if name == "callbacks":
        waiting = await callbacks.worklist(session, actor=view.actor, limit=ROWS)
        found = await agenda.with_clocks(session, waiting)
    else:
        found = await agenda.agenda(
            session, actor=view.actor, state=state, due_before=None if state else clock.now(), limit=ROWS
        )
    rows = [
        await reading.work_row(session, each, actor=view.actor, locale=view.locale, with_steps=name == "returns")
        for each in found
    ]
    total = (await totals(session, view))[name]
    return {
        "chosen": name,
        "rows": rows,
        "more": max(total - len(rows), 0),
        "department_groups": choices.department_groups(view.locale),
    }

"""Page: what could not be done, tried again or put aside with a reason."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response

from admin.staff.pages.route import PageRoute, View, Viewer
from core import dead_letters, settling
from core.auth import Permission
from core.database import transaction
from core.ledger import checkpoints

ROWS = 50

router = APIRouter(prefix="/settings/jobs", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def letters(view: View, what: str = "") -> Response:
    """Show what waits for a decision; `what`: of one task, or channel and kind, only."""
    view.must(Permission.SETTINGS)
    return await _page(view, "jobs.html", what)


@router.post("/{id}/{decision}")
async def decide(
    id: int,
    decision: Literal["retry", "put-aside"],
    view: View,
    reason: Annotated[str, Form()] = "",
    what: Annotated[str, Form()] = "",
) -> Response:
    """Try one again, or put it aside, and show the others."""
    async with transaction() as session:
        if decision == "retry":
            await settling.retry(session, id, actor=view.actor, reason=reason)
        else:
            await settling.put_aside(session, id, actor=view.actor, reason=reason)
    return await _page(view, "parts/letters.html", what)


async def _page(view: Viewer, template: str, what: str) -> Response:
    async with transaction() as session:
        counts = await dead_letters.counts(session)
        shown = await dead_letters.waiting(session, what=what or None, limit=ROWS)
        checkpoint = await checkpoints.newest(session)
    return view.page(
        template,
        letters=shown,
        counts=sorted({name for _, name in counts}),
        total=sum(counts.values()),
        matching=sum(count for (_, name), count in counts.items() if what in ("", name)),
        what=what,
        checkpoint=checkpoint,
    )

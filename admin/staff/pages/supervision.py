"""Page: supervision. What is late, what soon will be, who has it on hand, and the rates."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming
from admin.staff.figures import asking
from admin.staff.pages.route import PageRoute, View, Viewer
from admin.staff.tickets import reading
from core import clock
from core.auth import Permission
from core.database import transaction
from core.errors import BadInput
from routing import agenda, figures, tickets
from routing.reading import waiting_counts

ROWS = 30
SOON_HOURS = (4, 24, 72)  # what the page offers; the first is chosen at the start of a shift
RATES = (
    "response_rate",
    "solution_rate",
    "satisfaction_rate",
    "first_dispatch_accuracy",
    "on_time_rate",
    "return_rate",
)
COUNTS = ("opened", "dispatched", "closed", "surveyed", "reopened")

router = APIRouter(prefix="/supervision", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def supervision(view: View, start: str = "", end: str = "", within: int = 24, part: bool = False) -> Response:
    """Show the rates of a time and what is late now; `within`: hours that count as soon."""
    view.must(Permission.TICKET_RULE)
    if within not in SOON_HOURS:
        raise BadInput("请选择页面上给出的时间范围。")
    async with transaction() as session:
        if part:
            return view.page("parts/late.html", **await _late(session, view, within))
        shown = await _late(session, view, within) | {"rate_names": RATES, "count_names": COUNTS, "days": asking.DAYS}
        returned = (await tickets.counts(session, actor=view.actor))["returned"]
        shown["waiting"] = {"returned": returned} | await waiting_counts(session, actor=view.actor, kinds=["applied"])
        try:
            first, last = asking.days(start, end)
            rates = await figures.rates(session, start=first, end=last)
        except BadInput as refused:  # the form keeps what was entered
            shown |= {"start": start, "end": end, "rates": None, "refused": refused.sentence}
            return view.page("supervision.html", status=refused.status, **shown)
    shown |= {"start": first.isoformat(), "end": last.isoformat(), "rates": rates, "refused": ""}
    return view.page("supervision.html", **shown)


async def _late(session: AsyncSession, view: Viewer, within: int) -> dict[str, Any]:
    now = clock.now()
    late = await agenda.agenda(session, actor=view.actor, due_before=now, limit=ROWS)
    soon = await agenda.agenda(
        session, actor=view.actor, due_after=now, due_before=now + timedelta(hours=within), limit=ROWS
    )
    return {
        "late": reading.summaries(late, locale=view.locale),
        "late_total": await agenda.overdue(session, actor=view.actor),
        "soon": reading.summaries(soon, locale=view.locale),
        "loads": [
            {"code": each.department, "name": naming.department(each.department), "load": each}
            for each in await agenda.loads(session, actor=view.actor)
        ],
        "within": within,
        "choices": SOON_HOURS,
    }

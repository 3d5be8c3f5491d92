"""Page: the calendar editor. A year's notice, working hours, limits: shown whose clocks move, then saved."""

import json
from typing import Any, get_args

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming
from admin.staff.clocks import forms
from admin.staff.pages import choices
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from core import auth, clock
from core.auth import Permission
from core.city import city
from core.database import transaction
from core.errors import BadInput, Conflict, NotFound
from intents import RequestType, Urgency, categories
from routing import calendar, clock_effects, clock_versions, policy
from routing.clock_versions import Kind
from routing.policy import ClockKind, Told, Unit

VERSIONS = 20
BLANKS = {"spans": 8, "weekends": 8, "limits": 3, "points": 2, "periods": 4}  # empty lines of a form

router = APIRouter(prefix="/settings/clocks", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def clocks(view: View, tab: str = "year", year: int = 0) -> Response:
    """Show an editor with what is in force, and the versions."""
    view.must(Permission.SETTINGS)
    _known(tab)
    async with transaction() as session:
        versions = await clock_versions.listing(session, limit=VERSIONS)
        names = await _people(session, [each.made_by for each in versions])
    year = year or clock.local(clock.now(), city().time_zone).year + 1
    if not 2000 <= year <= 2100:
        raise BadInput("年份要在2000年至2100年之间。")
    working = calendar.calendar()
    return view.page(
        "clocks.html",
        tab=tab,
        tabs=get_args(Kind),
        versions=versions,
        names=names,
        problems=clock_versions.problems(),
        year=year,
        years=sorted({*working.years, year}),
        notice=working.years.get(year),
        is_saved=_is_saved(tab, year),
        sla=policy.sla(),
        blanks=BLANKS,
        lists={
            "clock": list(ClockKind),
            "unit": list(Unit),
            "request_type": list(RequestType),
            "urgency": list(Urgency),
            "told": list(Told),
        },
        category_paths=[(code, naming.category_path(code)) for code in categories.tree()],
        department_groups=choices.department_groups(view.locale),
    )


@router.get("/versions/{id}")
async def version(id: int, view: View) -> Response:
    """Show what a version held."""
    view.must(Permission.SETTINGS)
    async with transaction() as session:
        found = await session.get(clock_versions.ClockVersion, id)
        if found is None:
            raise NotFound("没有这个版本。")
        names = await _people(session, [found.made_by])
    content = json.dumps(found.content, ensure_ascii=False, indent=2) if found.content else None
    return view.page("clock_version.html", version=found, names=names, content=content)


@router.post("/{kind}/preview")
async def preview(kind: str, view: View) -> Response:
    """Show which clocks a change would move, and the button that saves it."""
    view.must(Permission.SETTINGS)
    chosen, content, running = await _change(view, kind)
    async with transaction() as session:
        effect = await clock_effects.preview(session, chosen, content, running=running)
    shown = forms.digest(content, running=running)
    return view.page("parts/clock_effect.html", kind=kind, effect=effect, running=running, shown=shown)


@router.post("/{kind}/save")
async def save(kind: str, view: View) -> Response:
    """Save exactly what was shown, with the reason."""
    view.must(Permission.SETTINGS)
    chosen, content, running = await _change(view, kind)
    form = await view.request.form()
    if form.get("shown") != forms.digest(content, running=running):
        raise Conflict("内容在查看影响之后改过，请再查看一次影响，然后保存。")
    async with transaction() as session:
        await clock_versions.save(
            session, chosen, content, running=running, reason=str(form.get("reason", ""))[:1000], actor=view.actor
        )
    await clock_versions.take_up_quietly()
    return go_to(f"/settings/clocks?tab={kind}" + (f"&year={content['year']}" if kind == "year" and content else ""))


def _is_saved(tab: str, year: int) -> bool:
    """Say whether what the tab shows was saved here, and is not what the city's files say."""
    if tab == "year":
        return calendar.calendar().years.get(year) != calendar.shipped().years.get(year)
    held, shipped = policy.sla(), policy.shipped()
    return any(getattr(held, name) != getattr(shipped, name) for name in clock_versions.PARTS[tab])


def _known(kind: str) -> Kind:
    if kind not in get_args(Kind):
        raise NotFound("没有这一页。")
    return kind  # type: ignore[return-value]


async def _change(view: Viewer, kind: str) -> tuple[Kind, dict[str, Any] | None, bool]:
    chosen = _known(kind)
    form = await view.request.form()
    return chosen, forms.content_of(kind, form), kind != "policy" or form.get("running") == "all"


async def _people(session: AsyncSession, marks: list[str]) -> dict[str, str]:
    ids = [int(mark.partition(":")[2]) for mark in marks if mark.startswith("staff:")]
    return {f"staff:{id}": name for id, name in (await auth.names(session, ids)).items()}

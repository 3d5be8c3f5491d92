"""Pages: the dispatch catalogue. Its rows as of a day, one row with its versions, a change and what it would do."""

from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile

from admin.staff import naming
from admin.staff.catalogue.views import ChangeBody
from admin.staff.pages import choices
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from core import auth, clock
from core.auth import Permission
from core.city import city
from core.database import transaction
from core.errors import BadInput
from routing import (
    catalogue_changes,
    catalogue_files,
    catalogue_imports,
    catalogue_returns,
    catalogue_versions,
)
from routing.catalogue import EVERYWHERE, Row
from routing.catalogue_checks import Change

HOME = "/supervision/catalogue"
REASONS_DAYS = catalogue_returns.DAYS


async def _reader(view: View) -> Viewer:
    view.must(Permission.TICKET_READ_ALL)
    return view


Reader = Annotated[Viewer, Depends(_reader)]

router = APIRouter(prefix=HOME, route_class=PageRoute, include_in_schema=False)


@router.get("")
async def rows(view: Reader, at: str = "", q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Show the rows in force on a day, those that come back most, and what is planned."""
    moment = _midday(at) if at else clock.now()
    async with transaction() as session:
        known = await catalogue_versions.timeline(session)
        returned = [] if at or q else await catalogue_returns.most_returned(session)
    order = {code: place for place, code in enumerate(choices.category_codes())}
    found = [row for row in known.at(moment) if _fits(row, q.strip())]
    found.sort(key=lambda row: (order.get(row.category, len(order)), row.area != EVERYWHERE, row.area))
    return view.page(
        "catalogue.html",
        rows=found,
        planned=known.planned(clock.now()),
        returned=returned,
        days=REASONS_DAYS,
        at=at,
        q=q,
        total=len(known.at(moment)),
        lead_name=lead_name,
        area_name=area_name,
    )


@router.get("/row")
async def row(
    view: Reader,
    category: str = "",
    area: str = EVERYWHERE,
    lead: str | None = None,
    reason: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Show one row with its versions and the form that changes it; `lead`, `reason`: a proposal, not saved yet."""
    async with transaction() as session:
        shown = await _row(session, view, category, area)
    current = shown["current"]
    shown["form"] = {
        "category": naming.category_path(category) if category else "",
        "area": area,
        "lead": lead or (current.lead if current else ""),
        "co_handlers": "；".join(lead_name(code) for code in current.co_handlers if code != lead) if current else "",
        "basis": current.basis if current else "",
        "reason": reason,
    }
    return view.page("catalogue_row.html", proposed=bool(lead), **shown)


@router.post("/preview")
async def preview(view: Reader) -> Response:
    """Show what a change would do."""
    form = await view.request.form()
    change = _change(form)
    async with transaction() as session:
        found = await catalogue_changes.preview(session, change)
    return view.page("parts/catalogue_preview.html", shown=found, change=change, lead_name=lead_name)


@router.post("/save")
async def save(view: Reader) -> Response:
    """Write a change."""
    form = await view.request.form()
    change = _change(form)
    async with transaction() as session:
        await catalogue_changes.save(
            session, change, actor=view.actor, reason=str(form.get("reason") or ""), seen=_seen(form)
        )
    return go_to(f"{HOME}/row?category={change.category}&area={change.area}")


@router.post("/versions/{version}/withdraw")
async def withdraw(version: int, view: Reader) -> Response:
    """Take back what has not begun."""
    async with transaction() as session:
        made = await catalogue_changes.withdraw(session, version, actor=view.actor)
    return go_to(f"{HOME}/row?category={made.category}&area={made.area}")


@router.post("/import")
async def take_up(view: Reader) -> Response:
    """Show what a table would change; with `save`, change it."""
    view.must(Permission.TICKET_RULE)
    async with view.request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise BadInput("请选择要导入的文件（XLSX 或 CSV）。")
        content = await file.read(catalogue_files.LARGEST + 1)
    lines = catalogue_files.read(content, effective_from=_day(str(form.get("effective_from") or "")))
    async with transaction() as session:
        if form.get("save"):
            reason = str(form.get("reason") or "")
            await catalogue_imports.save(session, lines, actor=view.actor, reason=reason, seen=_seen(form))
            return go_to(HOME)
        found = await catalogue_imports.plan(session, lines)
    return view.page("parts/catalogue_import.html", shown=found, lead_name=lead_name, area_name=area_name)


def lead_name(code: str | None) -> str:
    """Return whom a row names, as staff read it."""
    return catalogue_files.PLACEHOLDERS.get(code or "") or naming.department(code)


def area_name(code: str) -> str:
    """Return a row's area as staff read it."""
    return "全市" if code == EVERYWHERE else naming.place(code)


async def _row(session: AsyncSession, view: Viewer, category: str, area: str) -> dict[str, Any]:
    now = clock.now()
    known = await catalogue_versions.timeline(session)
    history = await catalogue_versions.history(session, category, area) if category else []
    marks = {each.changed_by for each in history} | {each.withdrawn_by for each in history if each.withdrawn_by}
    names = await auth.names(session, (int(mark.partition(":")[2]) for mark in marks if mark.startswith("staff:")))
    return {
        "category": category,
        "area": area,
        "current": known.at(now).get(category, area),
        "history": history,
        "ends": {span.version: span.ends for span in known.of(category, area)},
        "names": {f"staff:{id}": name for id, name in names.items()},
        "areas": naming.areas(),
        "department_groups": choices.department_groups(view.locale),
        "category_paths": choices.every_category_path(),
        "lead_name": lead_name,
        "area_name": area_name,
        "today": now.astimezone(ZoneInfo(city().time_zone)).date().isoformat(),
    }


def _change(form: FormData) -> Change:
    values: dict[str, Any] = {key: str(form.get(key) or "").strip() for key in ("category", "area", "lead", "basis")}
    values["category"] = choices.category_of(values["category"])
    values["co_handlers"] = list(catalogue_files.codes(str(form.get("co_handlers") or "")))
    values["lead"] = None if form.get("gone") else values["lead"]
    for key in ("effective_from", "effective_to"):
        values[key] = _day(str(form.get(key) or ""))
    try:
        return ChangeBody.model_validate(values).change()
    except ValidationError:
        raise BadInput("请选择类目、区域和主办单位。") from None


def _seen(form: FormData) -> int | None:
    seen = str(form.get("seen") or "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 18 else None


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise BadInput("日期读不懂，请从日历里选择。") from None


def _midday(written: str) -> datetime:
    """Return the middle of a day: what held then is what the day stands for."""
    day = _day(written)
    assert day is not None
    return datetime.combine(day, time(12), ZoneInfo(city().time_zone))


def _fits(row: Row, query: str) -> bool:
    words = (naming.category_path(row.category), row.category, lead_name(row.lead), area_name(row.area), row.basis)
    return not query or any(query in each for each in words)

"""REST: the dispatch catalogue. Read it as of any moment, see what a change would do, make it, import and export."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile

from admin.staff.access import Staffed, requires
from admin.staff.catalogue.views import (
    ChangeBody,
    EffectView,
    ImportView,
    PreviewView,
    ProblemLine,
    ReturnedView,
    RowView,
    SaveBody,
    VersionView,
)
from admin.staff.refusals import refusals
from core.auth import Permission
from core.database import transaction
from core.errors import BadInput
from routing import catalogue_changes, catalogue_files, catalogue_imports, catalogue_returns, catalogue_versions
from routing.catalogue import Row
from routing.catalogue_effects import Effect
from routing.catalogue_imports import Plan
from routing.catalogue_versions import CatalogueVersion

router = APIRouter(
    prefix="/api/v1/staff/catalogue",
    tags=["staff: dispatch catalogue"],
    dependencies=[requires(Permission.TICKET_READ_ALL)],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
)
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
At = Annotated[datetime | None, Query(description="A moment with its zone; left out: now.")]


@router.get("")
async def rows(at: At = None) -> list[RowView]:
    """Return the catalogue in force at a moment."""
    async with transaction() as session:
        return [row_view(row) for row in await catalogue_versions.in_force(session, _moment(at))]


@router.get(
    "/file",
    response_class=Response,
    responses={200: {"description": "The table", "content": {kind: {} for kind in MEDIA_TYPES.values()}}},
)
async def file(format: Literal["csv", "xlsx"] = "xlsx", at: At = None) -> Response:
    """Return the catalogue in force at a moment as a table that Excel opens."""
    async with transaction() as session:
        found = await catalogue_versions.in_force(session, _moment(at))
    content = catalogue_files.as_csv(found) if format == "csv" else catalogue_files.as_xlsx(found)
    named = {"Content-Disposition": f'attachment; filename="catalogue.{format}"'}
    return Response(content, media_type=MEDIA_TYPES[format], headers=named)


@router.get("/versions")
async def versions(category: str, area: str = "*") -> list[VersionView]:
    """Return every version that was written of one row, the latest first."""
    async with transaction() as session:
        return [version_view(each) for each in await catalogue_versions.history(session, category, area)]


@router.get("/returned")
async def returned() -> list[ReturnedView]:
    """Return the rows that returns and agents speak against most, with whom to write into them instead."""
    async with transaction() as session:
        return [
            ReturnedView(
                row=row_view(each.row),
                tickets=each.tickets,
                returned=each.returned,
                sent_elsewhere=each.sent_elsewhere,
                rate=each.rate,
                taken_by=dict(each.taken_by),
                examples=list(each.examples),
                proposed=each.proposed,
            )
            for each in await catalogue_returns.most_returned(session)
        ]


@router.post("/preview")
async def preview(body: ChangeBody) -> PreviewView:
    """Return what a change would do: tickets that would go elsewhere, and what speaks against it. Writes nothing."""
    async with transaction() as session:
        found = await catalogue_changes.preview(session, body.change())
    return PreviewView(
        before=row_view(found.before) if found.before else None,
        begins=found.begins,
        ends=found.ends,
        warnings=list(found.warnings),
        effect=effect_view(found.effect),
        seen=found.seen,
    )


@router.post("", status_code=201)
async def save(body: SaveBody, actor: Staffed) -> VersionView:
    """Write a change; it takes effect by itself at its day. 409 where the row was changed after your preview."""
    async with transaction() as session:
        made = await catalogue_changes.save(session, body.change(), actor=actor, reason=body.reason, seen=body.seen)
        return version_view(made)


@router.delete("/versions/{version}")
async def withdraw(version: Annotated[int, Path(ge=1, le=2**62)], actor: Staffed) -> VersionView:
    """Take back a version that has not begun."""
    async with transaction() as session:
        return version_view(await catalogue_changes.withdraw(session, version, actor=actor))


@router.post("/import")
async def take_up(
    actor: Staffed,
    file: Annotated[UploadFile, File(description="CSV or XLSX.")],
    reason: Annotated[str, Form(max_length=1000, description="Why; empty: a preview, nothing is written.")] = "",
    effective_from: Annotated[date | None, Form(description="First day of lines that name none.")] = None,
    seen: Annotated[int | None, Form(description="`seen` of the preview.")] = None,
) -> ImportView:
    """Show what a table would change, or (with a reason) change it: every line or none."""
    actor.must(Permission.TICKET_RULE)
    lines = catalogue_files.read(await file.read(catalogue_files.LARGEST + 1), effective_from=effective_from)
    async with transaction() as session:
        found = await catalogue_imports.plan(session, lines)
        if reason.strip():
            await catalogue_imports.save(session, lines, actor=actor, reason=reason, seen=seen)
        return import_view(found, saved=bool(reason.strip()))


def row_view(row: Row) -> RowView:
    """Return a row as it is read."""
    return RowView.model_validate(asdict(row))


def version_view(version: CatalogueVersion) -> VersionView:
    """Return a version as it is read."""
    return VersionView.model_validate(version, from_attributes=True)


def effect_view(effect: Effect) -> EffectView:
    """Return an effect as it is read."""
    return EffectView.model_validate(
        asdict(effect) | {"tickets": effect.tickets, "open": effect.open}, from_attributes=True
    )


def import_view(found: Plan, *, saved: bool) -> ImportView:
    """Return what a file does as it is read."""
    return ImportView(
        saved=saved,
        changes=len(found.changes),
        same=found.same,
        problems=[ProblemLine(line=each.number, problem=each.problem) for each in found.problems],
        warnings=[ProblemLine(line=number, problem=said) for number, said in found.warnings],
        effect=effect_view(found.effect),
        seen=found.seen,
    )


def _moment(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise BadInput("请写明时区，例如 2026-12-01T00:00:00+08:00。")
    return at

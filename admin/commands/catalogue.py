"""`yitong catalogue export|import`: the dispatch catalogue as a table, as under `/supervision/catalogue`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.commands.output import Json, console, emit, prepare, run
from core.errors import BadInput

if TYPE_CHECKING:
    from routing.catalogue_imports import Plan

DAY = ["%Y-%m-%d"]
FORMATS = (".csv", ".xlsx")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    catalogue = typer.Typer(help="The dispatch catalogue: category × area → lead, co-handlers.", no_args_is_help=True)
    catalogue.command("export")(export)
    catalogue.command("import")(import_)
    app.add_typer(catalogue, name="catalogue")


def export(
    file: Annotated[Path, typer.Argument(help="File to write, .xlsx or .csv.")],
    at: Annotated[datetime | None, typer.Option(formats=DAY, help="As it holds on this day; left out: now.")] = None,
) -> None:
    """Write the catalogue in force as a table that offices edit and `import` reads."""
    if file.suffix.lower() not in FORMATS:
        raise BadInput("The file must end in .xlsx or .csv.")
    prepare()
    content, rows = run(_table(file.suffix.lower(), at))
    try:
        file.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from None
    console.print(f"{rows} rows in {file}.", markup=False, soft_wrap=True)


async def _table(kind: str, at: datetime | None) -> tuple[bytes, int]:
    from zoneinfo import ZoneInfo

    from core.city import city
    from core.database import transaction
    from routing import catalogue_files, catalogue_versions

    # What held at its noon is what a day stands for, as on the page.
    moment = at.replace(hour=12, tzinfo=ZoneInfo(city().time_zone)) if at else None
    async with transaction() as session:
        found = await catalogue_versions.in_force(session, moment)
    return catalogue_files.as_csv(found) if kind == ".csv" else catalogue_files.as_xlsx(found), len(found)


def import_(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV, with the headings that `export` writes.")],
    reason: Annotated[str, typer.Option(help="Why; kept with each row. Left out: a preview, nothing is written.")] = "",
    effective_from: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="First day of lines that name none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a table would change, line by line, and the tickets that it would move; with --reason, change it.

    Every line or none: while one cannot be used, nothing is written. Exit 1 for a preview with such lines.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None
    prepare()
    plan, shown = run(_take_up(content, reason.strip(), effective_from))
    if as_json:
        emit(shown)
    else:
        _show(plan, saved=shown["saved"])
    if plan.problems:
        raise typer.Exit(1)


async def _take_up(content: bytes, reason: str, first_day: datetime | None) -> "tuple[Plan, dict[str, Any]]":
    from admin.staff.catalogue.endpoints import import_view
    from core.auth import SYSTEM
    from core.database import transaction
    from routing import catalogue_files, catalogue_imports

    lines = catalogue_files.read(content, effective_from=first_day.date() if first_day else None)
    async with transaction() as session:
        plan = await catalogue_imports.plan(session, lines)
        if reason:
            await catalogue_imports.save(session, lines, actor=SYSTEM, reason=reason, seen=plan.seen)
        return plan, import_view(plan, saved=bool(reason)).model_dump(mode="json")


def _show(plan: "Plan", *, saved: bool) -> None:
    """Print each line that changes something or cannot be used, the tickets that would move, and the counts."""

    def told(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for line in plan.changes:
        if line.change:
            day = f"  from {line.change.effective_from}" if line.change.effective_from else ""
            told(f"line {line.number}  {line.change.category}@{line.change.area} → {line.change.lead or '(ends)'}{day}")
    for number, said in plan.warnings:
        told(f"line {number}  ! {said}")
    for line in plan.problems:
        told(f"line {line.number}  ✗ {line.problem}")
    for move in plan.effect.moves:
        told(f"{move.before or '(nobody)'} → {move.after or '(nobody)'}: {move.tickets} tickets, {move.open} open")
    told(f"{len(plan.changes)} lines change a row, {plan.same} say what holds, {len(plan.problems)} cannot be used.")
    if saved:
        told("Saved.")
    elif plan.changes and not plan.problems:
        told("Nothing is written yet; the same with --reason saves it.")

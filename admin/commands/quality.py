"""`yitong quality`: reading the past, and how often the checks are right."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from admin.commands.output import Json, console, emit, fail, note, prepare, quieten, run
from core.errors import BadInput, Unavailable

quality_app = typer.Typer(help="The quality check on all tickets (docs/quality.md).", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(quality_app, name="quality")


@quality_app.command("review")
def review(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="First day of opening; left out: all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read every ticket that the present rules have not read as it stands; may be killed and started again."""
    from routing import quality

    def told(done: quality.Progress) -> None:
        note(f"{done.read} read, {done.found.total()} findings, {done.read / max(done.seconds, 0.001):.0f} a second")

    prepare()
    done = run(quality.review_past(since=since.date() if since else None, told=told))
    if as_json:
        emit({"read": done.read, "found": dict(done.found), "failed": done.failed, "seconds": round(done.seconds, 1)})
    else:
        console.print(f"{done.read} tickets read; {done.found.total()} new findings.", highlight=False)
        for check, number in done.found.most_common():
            console.print(f"{check:<24}{number}", markup=False)
    if done.failed:
        raise fail(Unavailable(f"{len(done.failed)} tickets could not be read: {', '.join(done.failed[:5])} …"))


@quality_app.command("evaluate")
def evaluate(
    file: Annotated[Path, typer.Argument(help='Lines of {"given": {"request", "result", …}, "found": [checks]}.')],
    request: Annotated[str, typer.Option("--request", help="Unlabelled letters: the column with the letter.")] = "",
    reply: Annotated[str, typer.Option("--reply", help="Unlabelled letters: the column with its reply.")] = "",
    as_json: Json = False,
) -> None:
    """Print precision and recall of each check on labelled lines; with --request and --reply the AUC of relevance."""
    from intents import labelled
    from routing.quality import measure

    if bool(request) != bool(reply):
        raise BadInput("Name both columns, --request and --reply, or neither.")
    quieten()
    if request:
        rows = list(labelled.rows(file))
        pairs = [(str(row.get(request) or ""), str(row.get(reply) or "")) for _, row in rows]
        told = [pair for pair in pairs if all(each.strip() for each in pair)]
        figures = measure.separation([letter for letter, _ in told], [said for _, said in told])
        if as_json:
            emit(figures)
            return
        for name, value in figures.items():
            console.print(f"{name:<20}{value}", markup=False)
        return
    for check, figures in measure.by_check(labelled.rows(file)).items():
        if as_json:
            emit({"check": check} | figures)
        else:
            console.print(
                f"{check:<24}precision {figures['precision']:.2f}  recall {figures['recall']:.2f}  "
                f"found {figures['found']:.0f} of {figures['labelled']:.0f} labelled",
                markup=False,
                highlight=False,
            )

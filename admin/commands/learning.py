"""`yitong intents train`, `versions`, `roll-back` and `drift`: the classifier learns from the line's own tickets."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.commands.output import Json, console, emit, note, prepare, run

if TYPE_CHECKING:
    from core.versions import Version

DAYS = 30  # of each of the two periods that `drift` compares where none is named
EARLIEST, LATEST = 1990, 2200  # years; no line of this kind is older, and the days before must be days too
FIGURES = ("leaf_macro_f1", "first_level_macro_f1", "leaf_accuracy", "calibration_error", "answered", "examples")


def add(intents: typer.Typer) -> None:
    """Add the commands to those of `intents`."""
    intents.command("train")(train)
    intents.command("versions")(versions)
    intents.command("roll-back")(roll_back)
    intents.command("drift")(drift)


def train(
    labelled: Annotated[
        Path | None,
        typer.Option(help="Labelled JSONL, oldest line first; left out: the tickets that the line itself has settled."),
    ] = None,
    text: Annotated[str, typer.Option(help="Column with the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column with the code of a category of the third level.")] = "label",
    as_json: Json = False,
) -> None:
    """Train the classifier, compare it with the one in service, and let it serve only if it is better."""
    from admin import warm
    from routing import learning

    prepare()

    async def work() -> learning.Outcome:
        await warm.take_up()
        if labelled is None:
            return await learning.train_on_tickets()
        return await learning.train_on_file(labelled, text=text, label=label)

    outcome = run(work())
    if as_json:
        emit(
            {"version": outcome.version, "in_service": outcome.in_service, "against": outcome.against} | outcome.figures
        )
        return
    figures = outcome.figures
    console.print(
        f"Learnt from {figures['learnt_from']} texts in {figures['categories']} categories, "
        f"compared on {figures['compared']} of the newest; {figures['learnt_before']} more are left out, "
        "for the version in service has learnt from them.",
        highlight=False,
    )
    for name in FIGURES:
        console.print(f"{name:>22}  {figures['serving'][name]:.3f} → {figures['candidate'][name]:.3f}", markup=False)
    if outcome.in_service:
        console.print(f"Version {outcome.version} is in service.", highlight=False)
    else:
        console.print(f"Version {outcome.version} is not put in service: {'; '.join(outcome.against)}.", markup=False)


def versions(as_json: Json = False) -> None:
    """List what was trained, newest first, with its figures; none in service means that the shipped default serves."""
    prepare()
    listed, at_rest = run(_listed())
    for each in listed:
        if as_json:
            emit(_described(each))
            continue
        figures = each.figures.get("candidate", {})
        score = f"{figures['leaf_macro_f1']:.3f}" if figures else "—"
        console.print(
            f"{each.id:>5}  {each.made_at:%Y-%m-%d %H:%M}  {each.state:<10}  {score}  "
            f"{each.about.get('file') or each.about.get('source', '')}",
            markup=False,
            highlight=False,
        )
    note(at_rest)


async def _listed() -> "tuple[list[Version], str | None]":
    from admin import warm
    from core import versions as kept
    from core.database import transaction

    async with transaction() as session:
        listed = await kept.listing(session, "categories")
    return listed, await warm.categories_at_rest()


def _described(each: "Version") -> dict[str, Any]:
    return {
        "version": each.id,
        "state": each.state,
        "made_at": each.made_at.isoformat(),
        "served_from": each.served_from.isoformat() if each.served_from else None,
        "served_to": each.served_to.isoformat() if each.served_to else None,
        "about": each.about,
        "figures": each.figures,
    }


def roll_back(as_json: Json = False) -> None:
    """Let the version serve again that the present one replaced; before the first, the shipped default."""
    from core import versions as kept
    from core.database import transaction

    prepare()

    async def work() -> "Version | None":
        async with transaction() as session:
            return await kept.roll_back(session, "categories")

    before = run(work())
    if as_json:
        emit({"version": before.id if before else None})
    else:
        console.print(
            f"Version {before.id} is in service again." if before else "The shipped default is in service again.",
            highlight=False,
        )


def drift(
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    as_json: Json = False,
) -> None:
    """Say what has changed in a period against the one as long before it; left out: the last 30 days."""
    from admin import warm
    from core.database import transaction
    from core.text import encode
    from routing import drift as drifting

    since, until = _days(start, end)
    prepare()

    async def work() -> list[drifting.Shift]:
        await warm.take_up()
        async with transaction() as session:
            return await drifting.report(session, before=(since - (until - since), since), after=(since, until))

    shifts = run(work())
    note(encode.degraded())
    for shift in shifts:
        if as_json:
            emit(
                {
                    "measure": shift.measure,
                    "verdict": shift.verdict,
                    "psi": shift.psi,
                    "chance": shift.chance,
                    "moved": shift.moved,
                    "sentence": shift.sentence,
                }
            )
        else:
            console.print(
                f"{shift.sentence}  (PSI {shift.psi:.2f}, p {shift.chance:.3f})", markup=False, soft_wrap=True
            )


def _days(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """Return from when up to when; the days before, as many again, must be days too."""
    from zoneinfo import ZoneInfo

    from core import clock
    from core.city import city
    from core.errors import BadInput

    zone = ZoneInfo(city().time_zone)
    if any(each and not EARLIEST <= each.year <= LATEST for each in (start, end)):
        raise BadInput(f"--from and --to must lie between the years {EARLIEST} and {LATEST}.")
    until = end.replace(tzinfo=zone) + timedelta(days=1) if end else clock.now().astimezone(zone)
    since = start.replace(tzinfo=zone) if start else until - timedelta(days=DAYS)
    if since >= until:
        raise BadInput("--from must not lie after --to.")
    return since, until

"""`yitong encoder`: a city's own sentence encoder: tune it, list its versions, put one in service, roll back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.commands.output import Json, console, emit, note, prepare, run

if TYPE_CHECKING:
    from admin.tuning import Tuned
    from core.versions import Version


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The sentence encoder, and a city's own.", no_args_is_help=True)
    group.command("tune")(tune)
    group.command("list")(list_versions)
    group.command("use")(use)
    group.command("roll-back")(roll_back)
    app.add_typer(group, name="encoder")


def tune(
    labelled: Annotated[Path | None, typer.Option(help="More labelled texts: JSONL with text and label.")] = None,
    pairs: Annotated[Path | None, typer.Option(help="More pairs: JSONL with question and answer.")] = None,
    epochs: Annotated[int, typer.Option(min=1, max=100, help="Times that every text is learnt from.")] = 3,
    force: Annotated[bool, typer.Option("--force", help="Put it in service even where it is no better.")] = False,
    as_json: Json = False,
) -> None:
    """Tune the encoder on settled tickets, the taxonomy's examples, the articles and your files (extra `models`).

    It serves from the next request on where it is better on the held-out tenth. What was interrupted goes on where it
    was when the same command is given again.
    """
    from core.text.tuning import Recipe

    prepare()
    tuned = run(_tune(labelled, pairs, Recipe(epochs=epochs), force))
    if as_json:
        emit({"version": tuned.version, **tuned.figures, "better": tuned.better, "in_service": tuned.in_service})
        return
    for name, after in tuned.figures["after"].items():
        console.print(f"{name:>12}  {tuned.figures['before'][name]:.3f} → {after:.3f}", markup=False, highlight=False)
    console.print(
        f"Version {tuned.version} is in service." if tuned.in_service
        else f"Version {tuned.version} is stored, but no better than what serves; --force or "
        f"./yitong encoder use {tuned.version} puts it in service."
    )  # fmt: skip


async def _tune(labelled: Path | None, pairs: Path | None, recipe: Any, force: bool) -> "Tuned":
    import asyncio

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from admin import sample, tuning
    from core.errors import Unavailable

    await sample.load()
    material = await tuning.gather(labelled, pairs)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.2f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Reading…", total=None, loss=0.0)
        try:
            return await tuning.tune(
                material,
                recipe=recipe,
                force=force,
                progress=lambda done, steps, loss: bar.update(task, completed=done, total=steps, loss=loss),
                say=lambda what: bar.update(task, description=what),
            )
        except asyncio.CancelledError:  # what Ctrl+C does to it
            raise Unavailable("Interrupted; the same command goes on from there.") from None


def list_versions(as_json: Json = False) -> None:
    """Show every version, newest first."""
    prepare()
    found = run(_listing())
    if as_json:
        for version in found:
            emit(_described(version))
        return
    for version in found:
        before, after = version.figures["before"], version.figures["after"]
        gains = ", ".join(f"{name} {before[name]:.3f} → {after[name]:.3f}" for name in after)
        console.print(f"{version.id:>5}  {version.state:<11}{version.made_at:%Y-%m-%d %H:%M}  {gains}", highlight=False)
    if not any(version.state == "in_service" for version in found):
        console.print("The encoder of the settings is in service.")


def use(version: Annotated[int, typer.Argument(help="Its number in `encoder list`.")]) -> None:
    """Put a version in service; every process takes it up without a restart."""
    prepare()
    at_rest = run(_use(version))
    console.print(f"Version {version} is in service.")
    note(at_rest)


def roll_back() -> None:
    """Return to the version that the present one replaced, at last to the encoder of the settings."""
    prepare()
    before, at_rest = run(_roll_back())
    console.print(f"Version {before.id} is in service." if before else "The encoder of the settings is in service.")
    note(at_rest)


def _described(version: "Version") -> dict[str, Any]:
    return {
        "version": version.id,
        "state": str(version.state),
        "made_at": version.made_at,
        "served_from": version.served_from,
        "served_to": version.served_to,
        "digest": version.digest,
        "figures": version.figures,
        "about": version.about,
    }


async def _listing() -> "list[Version]":
    from core import versions
    from core.database import transaction

    async with transaction() as session:
        return await versions.listing(session, "encoder")


async def _use(number: int) -> str | None:
    """Put it in service; return the sentence that `warm.categories_at_rest` has for what that means."""
    from admin import warm
    from core import versions
    from core.database import transaction

    async with transaction() as session:
        await versions.put_in_service(session, await versions.get(session, "encoder", number))
    return await warm.categories_at_rest()


async def _roll_back() -> "tuple[Version | None, str | None]":
    from admin import warm
    from core import versions
    from core.database import transaction

    async with transaction() as session:
        before = await versions.roll_back(session, "encoder")
    return before, await warm.categories_at_rest()

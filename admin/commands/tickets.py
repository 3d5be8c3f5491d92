"""`yitong topics`, `yitong figures`, `yitong machine`."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.commands.output import Json, console, emit, run
from core.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("machine")(machine)
    app.command("topics")(topics)
    app.command("figures")(figures)


def machine(
    page: Annotated[Path | None, typer.Option("--write", help="A page of the documentation to draw it into.")] = None,
) -> None:
    """Draw the ticket machine and list its commands, from the code."""
    from routing import drawing

    if page is None:
        typer.echo(drawing.machine())
        return
    text = page.read_text(encoding="utf-8")
    if drawing.BEGIN not in text or drawing.END not in text:
        raise BadInput(f"{page} has no place for the machine: it must hold “{drawing.BEGIN}” and “{drawing.END}”.")
    page.write_text(drawing.redrawn(text), encoding="utf-8")


def topics(
    file: Annotated[Path, typer.Argument(help='Lines of {"id", "title", "text", "time"}.')],
    as_json: Json = False,
) -> None:
    """Find what many people report at once, hottest first."""
    from routing.topics import find

    for topic in find(_messages(file)):
        if as_json:
            emit(topic)
        else:
            place = f"[{topic['place']}] " if topic["place"] else ""
            console.print(
                f"{topic['topic']:>4}  {topic['heat']:>7.2f}  {len(topic['ids']):>4}  "
                f"{topic['first'][:10]} – {topic['last'][:10]}  {place}{topic['title']}",
                markup=False,
                soft_wrap=True,
            )


def _messages(file: Path) -> list[dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None
    messages = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise BadInput(f"{file.name}, line {number} is not a JSON object.")
        messages.append(message)
    return messages


def figures(
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")],
    by: Annotated[
        str | None, typer.Option("--by", help="department, district, category, channel or day: each on its own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the rates of the tickets opened from one day to another, both included."""
    whole, parts = run(_figures(start.date(), end.date(), by))
    for found in [whole, *parts]:
        if as_json:
            emit(found)
            continue
        if "value" in found:
            console.print(f"\n{found['value'] or '–'}", markup=False)
        for name, value in found.items():
            if name in ("parts", "value"):
                continue
            shown = "–" if value is None else f"{value:.1%}" if name in found["parts"] else value
            console.print(f"{name:<24}{shown}", markup=False)


async def _figures(start: date, end: date, by: str | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from core.database import transaction
    from routing import figures

    await figures.catch_up()
    async with transaction() as session:
        whole = await figures.rates(session, start=start, end=end)
        return whole, await figures.parts(session, start=start, end=end, by=by) if by else []

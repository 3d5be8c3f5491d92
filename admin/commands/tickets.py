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
    file: Annotated[
        Path | None,
        typer.Argument(help='Lines of {"id", "title", "text", "time"}; without it the line\'s own tickets.'),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what many people report at once, hottest first: in a file, or the open topics of the line."""
    from routing.topics import find

    for topic in find(_messages(file)) if file else run(_own_topics()):
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


async def _own_topics() -> list[dict[str, Any]]:
    """Return the open topics as `routing.topics.find` writes them, with the week's trend and the warning.

    `ids`: ticket numbers, oldest first; `trend`: tickets of the last seven days ÷ the mean week of the three
    before, None where there were none.
    """
    from admin.staff.topics.views import view
    from core.auth import SYSTEM
    from core.database import transaction
    from routing import growing

    found = []
    async with transaction() as session:
        for number, seen in enumerate(await growing.listing(session, actor=SYSTEM), 1):
            tickets = await growing.tickets_of(session, seen.topic, actor=SYSTEM)
            shown = view(seen)
            week, before = sum(shown.days[-7:]), sum(shown.days[:-7]) / 3
            found.append(
                {
                    "topic": number,
                    "ids": sorted(each.number for each in tickets),
                    "title": shown.title,
                    "place": shown.place or None,
                    "first": shown.first_at.isoformat(),
                    "last": shown.last_at.isoformat(),
                    "heat": shown.heat,
                    "trend": round(week / before, 2) if before else None,
                    "warning": shown.warning,
                }
            )
    return found


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

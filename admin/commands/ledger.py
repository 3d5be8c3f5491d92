"""`yitong ledger verify|checkpoint|key|export`."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.commands.output import Json, console, emit, prepare, run
from core.errors import BadInput, NotFound

DAY = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    ledger = typer.Typer(help="The append-only record of what happened.", no_args_is_help=True)
    for command in (verify, checkpoint, key, export):
        ledger.command()(command)
    app.add_typer(ledger, name="ledger")


def verify(
    as_json: Json = False,
    since: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Read events from the checkpoint before this day on.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A checkpoint that was kept outside (/api/v1/ledger/checkpoint).")
    ] = None,
    trust: Annotated[
        list[str] | None, typer.Option(help="Public key that may have signed too, in hex: one that was lost.")
    ] = None,
) -> None:
    """Check that no event of the ledger was changed or removed; exit 1 where one was."""
    found = run(_verify(since, against, trust or []))
    if as_json:
        emit(found)
    else:
        for problem in (*found["problems"], *found["remarks"]):
            console.print(problem, markup=False, soft_wrap=True)
        state = "every chain and checkpoint holds" if found["ok"] else f"first that does not hold: {found['first_bad']}"
        console.print(
            f"{found['events']} events, {state}. {found['checkpoints']} checkpoints; {found['only_chained']} events "
            "after the last one are only chained.",
            soft_wrap=True,
        )
    if not found["ok"]:
        raise typer.Exit(1)


async def _verify(since: datetime | None, against: Path | None, trust: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    from core import ledger
    from core.database import transaction

    try:
        trusted = [bytes.fromhex(each) for each in trust]
    except ValueError:
        raise BadInput("A public key is 64 hexadecimal digits, as ./yitong ledger key prints it.") from None
    witness = _witness(against) if against else None
    async with transaction() as session:
        found = await ledger.verify(session, since=_midnight(since), trusted=trusted, witness=witness)
    return asdict(found)


def _witness(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        witness: dict[str, Any] = kept.get("checkpoint", kept)
        return witness
    except (OSError, ValueError, AttributeError):
        raise BadInput(f"{file} cannot be read as a checkpoint; keep what /api/v1/ledger/checkpoint gives.") from None


def checkpoint(
    as_json: Json = False,
    lost_key: Annotated[bool, typer.Option(help="Go on with this machine's key; the former one is lost.")] = False,
) -> None:
    """Sign every event so far now; a worker does it each day by itself."""
    made = run(_checkpoint(lost_key))
    if as_json:
        emit(made)
    elif made is None:
        console.print("Nothing has happened since the last checkpoint.")
    else:
        console.print(f"Checkpoint {made['number']} signs {made['events']} events, {made['total']} in all.")


async def _checkpoint(lost_key: bool) -> dict[str, Any] | None:
    from core.ledger import checkpoints, signing

    made = await signing.sign(lost_key=lost_key)
    return checkpoints.document(made) if made else None


def key(
    as_json: Json = False,
    renew: Annotated[bool, typer.Option(help="Make a new key first; the former one signs it once.")] = False,
) -> None:
    """Print the public key that outsiders check the ledger with."""
    from core.ledger import keys

    if renew:
        keys.renew()
    held = keys.held()
    if not held:
        raise NotFound(
            "This machine has no key for the ledger; the first checkpoint makes one (./yitong ledger checkpoint)."
        )
    shown = keys.public(held[-1]).hex()
    if as_json:
        emit({"key": shown})
    else:
        console.print(shown)


def export(
    file: Annotated[Path, typer.Argument(help="File to write, JSON lines; docs/verify_ledger.py checks it.")],
    start: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First day.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Last day.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only this subject, as ticket:20261122-000001.")] = None,
) -> None:
    """Write events, checkpoints and public key into a file that an outsider verifies without this program."""
    if subject and (start or end):
        raise BadInput("Give a subject or days, not both.")
    prepare()
    count = run(_export(file, start, end, subject))
    console.print(f"{count} lines in {file}.", markup=False, soft_wrap=True)


async def _export(file: Path, start: datetime | None, end: datetime | None, subject: str | None) -> int:
    from core.database import transaction
    from core.ledger import export as exporting

    count = 0
    async with transaction() as session:
        after = _midnight(end + timedelta(days=1)) if end else None
        lines: AsyncIterator[dict[str, Any]] = (
            exporting.lines_of(session, subject)
            if subject
            else exporting.lines(session, start=_midnight(start), end=after)
        )
        try:
            with file.open("w", encoding="utf-8") as written:
                async for line in lines:
                    written.write(json.dumps(line, ensure_ascii=False) + "\n")
                    count += 1
        except OSError as error:
            raise BadInput(f"{file} cannot be written: {error.strerror}.") from None
    return count


def _midnight(day: date | None) -> datetime | None:
    """Return the day's beginning in the city."""
    from zoneinfo import ZoneInfo

    from core.city import city

    return datetime.combine(day, time(), ZoneInfo(city().time_zone)) if day else None

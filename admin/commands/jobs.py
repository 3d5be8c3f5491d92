"""`yitong jobs list|retry|put-aside`: what could not be done, for operators."""

from typing import Annotated, Any

import typer

from admin.commands.output import Json, console, emit, run
from core.errors import BadInput

Letter = Annotated[int | None, typer.Argument(help="Number of the letter, as `list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the ledger, so nothing personal.")]
What = Annotated[str | None, typer.Option(help="All of this task, or channel and kind.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    jobs = typer.Typer(help="Jobs and notices that nobody tries any more.", no_args_is_help=True)
    jobs.command("list")(show)
    jobs.command("retry")(retry)
    jobs.command("put-aside")(put_aside)
    app.add_typer(jobs, name="jobs")


def show(as_json: Json = False, what: What = None) -> None:
    """List what waits for a decision, newest first."""
    for letter in run(_waiting(what)):
        if as_json:
            emit(letter)
        else:
            about = " ".join(f"{name} {value}" for name, value in letter["about"].items())
            console.print(
                f"{letter['id']:>6}  {letter['what']}  {about}  {letter['attempts']} attempts since "
                f"{letter['since']:%Y-%m-%d %H:%M}  {letter['error']} {letter['sentence']}",
                markup=False,
                soft_wrap=True,
            )


def retry(reason: Reason, letter: Letter = None, what: What = None) -> None:
    """Try one again, or all of one kind: a job with all its attempts, a notice for three days."""
    console.print(f"{run(_settle(letter, what, reason, again=True))} will be tried again.")


def put_aside(reason: Reason, letter: Letter = None, what: What = None) -> None:
    """Take one off the list, or all of one kind; what they stand for is not done."""
    console.print(f"{run(_settle(letter, what, reason, again=False))} put aside.")


async def _waiting(what: str | None) -> list[dict[str, Any]]:
    from admin.staff.jobs import Letter as Shown
    from core import dead_letters
    from core.database import transaction

    async with transaction() as session:
        letters = await dead_letters.waiting(session, what=what, limit=10_000)
    return [Shown.model_validate(each).model_dump() for each in letters]


async def _settle(letter: int | None, what: str | None, reason: str, *, again: bool) -> int:
    from core import dead_letters, settling
    from core.auth import SYSTEM
    from core.database import transaction

    if (letter is None) == (what is None):
        raise BadInput("Name one letter by its number, or all of a kind with --what.")
    settle = settling.retry if again else settling.put_aside
    count = 0
    async with transaction() as session:
        ids = [letter] if letter else [each.id for each in await dead_letters.waiting(session, what=what, limit=10_000)]
        for id in ids:
            await settle(session, id, actor=SYSTEM, reason=reason)
            count += 1
    return count

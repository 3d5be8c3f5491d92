"""`chat`: talk with the line in the terminal; `conversation show`: what the line remembers of a conversation."""

import io
import sys
from typing import Annotated, Any

import typer

from admin.commands.output import Json, console, emit, fail, prepare, run
from core.errors import YitongError


def chat(as_json: Json = False) -> None:
    """Talk with the line in the terminal; from a pipe, every line is one turn of one conversation."""
    from admin import migrate
    from core import logs
    from core.settings import settings

    logs.configure(level="warning")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    if settings().database_url is None:
        migrate.upgrade()
    run(_chat(as_json=as_json))


async def _chat(*, as_json: bool) -> None:
    import asyncio

    import bot
    from admin import sample, warm
    from bot import conversations
    from core import clock
    from core.database import transaction

    await sample.load()
    await warm.take_up()
    async with transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")
    while (text := await asyncio.to_thread(_read, as_json)) is not None:
        turn = bot.Turn(conversation=conversation.id, channel="web", text=text, received_at=clock.now())
        async with transaction() as session:
            replies = await bot.converse(session, turn)
        for reply in replies:
            if as_json:
                emit(reply.as_json())
            else:
                options = " / ".join(option["label"] for option in reply.data.get("options", ()))
                console.print(
                    reply.text + (f"  〔{options}〕" if options else ""), style="green", markup=False, soft_wrap=True
                )


def _read(as_json: bool) -> str | None:
    """Return the next line; None at the end. A person at a terminal gets a prompt, a pipe is echoed for the reader."""
    try:
        if sys.stdin.isatty():
            line = console.input("[bold]> [/bold]")
        else:
            line = sys.stdin.readline()
            if not line:
                return None
            line = line.rstrip("\n")
            if not as_json:
                console.print(f"> {line}", markup=False, highlight=False, soft_wrap=True)
    except (EOFError, KeyboardInterrupt):
        return None
    return line


conversation = typer.Typer(help="Look into a conversation.", no_args_is_help=True)


@conversation.command()
def show(
    id: Annotated[str, typer.Argument(help="The conversation's id, as the desk's address has it.")],
    as_json: Json = False,
) -> None:
    """Show what the line remembers of a conversation: the matter, what it lacks, what waits. Numbers are hidden."""
    prepare()
    try:
        found = run(_remembered(id))
    except YitongError as error:
        raise fail(error) from error
    if as_json:
        emit(found)
    else:
        for label, value in told(found):
            console.print(f"{label}  {value}", markup=False, highlight=False, soft_wrap=True)


async def _remembered(id: str) -> dict[str, Any]:
    from bot.remembered import remembered
    from core.database import transaction

    async with transaction() as session:
        return await remembered(session, id)


def told(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is remembered as lines of a label and a value; what is empty is left out."""
    from admin.staff import remembering
    from core.settings import settings

    return remembering.lines(found, settings().locale)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(chat)
    app.add_typer(conversation, name="conversation")

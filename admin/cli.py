"""The command line: every command of the line in one place."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from admin.commands.output import fail
from core.errors import YitongError

app = typer.Typer(
    name="yitong",
    help="一通: a city's single public-service line, from a citizen's sentence to a closed ticket.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# Each module has `register(app)`; they are imported when a command is asked for.
COMMANDS = (
    "service",
    "conversation",
    "understanding",
    "knowledge",
    "tickets",
    "catalogue",
    "ledger",
    "jobs",
    "encoder",
    "systems",
    "quality",
    "rasa",
)


@app.callback()
def everywhere(
    data: Annotated[Path | None, typer.Option("--data", help="Data folder (YITONG_DATA).")] = None,
) -> None:
    """Set what holds for every command: its data folder, and that its log keeps to errors, on standard error."""
    import os

    from core import logs
    from core.settings import settings

    logs.configure(level="error")

    if data is not None:
        os.environ["YITONG_DATA"] = str(data.expanduser().absolute())
        settings.cache_clear()


def main() -> None:
    """Run the command line."""
    for name in COMMANDS:
        import_module(f"admin.commands.{name}").register(app)
    try:
        app(prog_name="yitong")
    except YitongError as error:
        sys.exit(fail(error).exit_code)

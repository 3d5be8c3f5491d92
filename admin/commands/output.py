"""How commands speak: one JSON object a line with `--json`, else a short text for people; errors in one sentence."""

import asyncio
import json
import sys
import warnings
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from core.errors import BadInput, Unavailable, YitongError

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, and nothing else.")]

console = Console()


def emit(value: Any) -> None:
    """Write one JSON object on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def quieten() -> None:
    """Keep a library's doubts to itself: what a command has to say is its answer."""
    warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # of small files, by scikit-learn


def prepare() -> None:
    """Migrate the embedded database, quietly."""
    from admin import migrate
    from core.settings import settings

    quieten()
    if settings().database_url is None:
        migrate.upgrade()


def note(sentence: str | None) -> None:
    """Write a sentence, where there is one, on standard error: what to know of the answer beside it."""
    if sentence:
        sys.stderr.write(sentence + "\n")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous work and close the database afterwards.

    Raises Unavailable, in the language of the command line, where the database does not answer or is not migrated.
    """

    async def closing() -> T:
        from psycopg.errors import UndefinedColumn, UndefinedTable
        from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

        from core import database

        try:
            return await work
        except Unavailable as error:
            if isinstance(error.__cause__, SQLAlchemyError):
                raise Unavailable(
                    "PostgreSQL does not answer; check YITONG_DATABASE_URL, and that the server runs."
                ) from error
            raise
        except ProgrammingError as error:
            if isinstance(error.orig, UndefinedTable | UndefinedColumn):
                raise Unavailable("The database is behind this version; run ./yitong migrate.") from error
            raise
        finally:
            await database.dispose()

    return asyncio.run(closing())


def fail(error: YitongError) -> typer.Exit:
    """Write the error's sentence on standard error; exit 2 for what the user did wrong, 1 for what failed."""
    sys.stderr.write(error.sentence + "\n")
    return typer.Exit(2 if isinstance(error, BadInput) else 1)

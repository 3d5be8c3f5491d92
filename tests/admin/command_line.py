"""Commands as the command line runs them: apart, each with an event loop of its own."""

from concurrent.futures import ThreadPoolExecutor

import typer
from click.testing import Result
from typer.testing import CliRunner


def invoke(app: typer.Typer, *arguments: str, input: str | bytes | None = None) -> Result:
    """Run a command in a thread of its own.

    In the tests' thread `asyncio.run` would end by taking away the event loop that the other tests share; whoever
    asks for the current loop afterwards makes one that nobody closes.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(CliRunner().invoke, app, list(arguments), input=input).result()

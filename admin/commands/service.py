"""`serve`, `web`, `worker`, `migrate`, `doctor`, `settings`, `staff`."""

import os
from typing import Annotated

import typer
from rich.markup import escape

from admin.commands.output import Json, console, emit, run
from core.auth import Role

Host = Annotated[str | None, typer.Option(help="Address to listen on (YITONG_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on (YITONG_PORT); 0: a free one.")]

Parent = Annotated[int | None, typer.Option(hidden=True)]  # the process that `serve` runs in, and ends with


def _set(host: str | None, port: int | None) -> None:
    from core.settings import settings

    for name, value in (("YITONG_HOST", host), ("YITONG_PORT", port)):
        if value is not None:
            os.environ[name] = str(value)
    settings.cache_clear()


def _one_thread_a_product() -> None:
    """Keep the products of matrices on the thread that wants them, unless the operator says otherwise.

    A sentence's are so small that threads which share one mostly wait for each other: with them a turn takes twice as
    much of the processors. Must come before numpy is loaded, which reads it once.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def serve(host: Host = None, port: Port = None) -> None:
    """Everything: database, worker and web processes, with the city's data loaded."""
    _one_thread_a_product()
    from admin import service

    _set(host, port)
    service.serve()


def web(
    host: Host = None,
    port: Port = None,
    share_port: Annotated[bool, typer.Option(help="Share the port with other web processes of this machine.")] = False,
    parent: Parent = None,
) -> None:
    """The web app alone, on a migrated database; run as many as you need."""
    _one_thread_a_product()
    from admin import service

    _set(host, port)
    service.web(share_port=share_port, parent=parent)


def worker(parent: Parent = None) -> None:
    """The worker alone: jobs, clocks and notices; run as many as you need."""
    _one_thread_a_product()
    from admin import service

    service.worker(parent=parent)


def migrate(
    application: Annotated[
        str | None,
        typer.Option(help="Role that web and worker sign in with; it may add to the ledger, never change it."),
    ] = None,
) -> None:
    """Bring the database to this version and load what the city's folder holds."""
    from admin import migrate as migrations
    from admin import sample

    migrations.upgrade(application)
    run(sample.load())
    console.print("The database is up to date.")


def doctor(as_json: Json = False) -> None:
    """Check machine, database, encoder and city; say what to do about what does not fit. Exit 1 when broken."""
    from dataclasses import asdict

    from admin.doctor import examine

    findings = run(examine())
    marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}
    for finding in findings:
        if as_json:
            emit(asdict(finding))
        else:
            console.print(f"{marks[finding.level]} {finding.check:<12} {escape(finding.sentence)}", soft_wrap=True)
    if any(finding.level == "failed" for finding in findings):
        raise typer.Exit(1)


def list_settings(
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option(help="As docs/settings.md has it.")] = False,
) -> None:
    """Every setting, its default and what it is for; secrets are never shown."""
    from admin import settings_page

    if as_json:
        for row in settings_page.rows():
            emit(row)
    elif markdown:
        typer.echo(settings_page.markdown(), nl=False)
    else:
        console.print(settings_page.table())


staff_app = typer.Typer(help="Staff accounts.", no_args_is_help=True)


@staff_app.command("add")
def add_staff(
    login: str,
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    name: Annotated[str, typer.Option(help="Name that colleagues see.")] = "",
    department: Annotated[str | None, typer.Option(help="Code, for role department.")] = None,
) -> None:
    """Add an account; its password is made and printed once."""
    from admin import accounts

    console.print(f"{login}  {run(accounts.add(login=login, role=role, name=name, department=department))}")


@staff_app.command("password")
def renew_password(login: str) -> None:
    """Give an account a new password, printed once; its sessions end."""
    from admin import accounts

    console.print(f"{login}  {run(accounts.renew(login))}")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(serve)
    app.command()(web)
    app.command()(worker)
    app.command()(migrate)
    app.command()(doctor)
    app.command("settings")(list_settings)
    app.add_typer(staff_app, name="staff")

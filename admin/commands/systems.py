"""`yitong systems`: accounts of departments' own systems."""

from typing import Annotated

import typer

from admin.commands.output import Json, console, emit, run

systems_app = typer.Typer(help="Departments' own systems and their secrets (docs/systems.md).", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The system's id, as sys_….")]


@systems_app.command("add")
def add(
    department: Annotated[str, typer.Argument(help="Code of the department.")],
    name: Annotated[str, typer.Option(help="Name that stands in tickets' histories.")],
    as_json: Json = False,
) -> None:
    """Add an account; its secret is made and printed once."""
    from admin import systems

    id, secret = run(systems.add(department=department, name=name))
    _print(id, secret, as_json)


@systems_app.command("secret")
def renew(id: Id, as_json: Json = False) -> None:
    """Give an account a second secret, printed once; retire the first one when its system uses the new one."""
    from admin import systems

    _print(id, run(systems.add_secret(id)), as_json)


@systems_app.command("retire")
def retire(id: Id, secret: Annotated[str, typer.Argument(help="The last four characters of the secret.")]) -> None:
    """End a secret, and the tokens that were got by it."""
    from admin import systems

    run(systems.retire(id, secret))
    console.print("The secret is retired.")


@systems_app.command("disable")
def disable(id: Id) -> None:
    """Shut an account out at once."""
    from admin import systems

    run(systems.set_active(id, active=False))
    console.print("The system is disabled.")


@systems_app.command("enable")
def enable(id: Id) -> None:
    """Let an account in again; what its webhooks have missed is sent."""
    from admin import systems

    run(systems.set_active(id, active=True))
    console.print("The system is enabled.")


@systems_app.command("list")
def list_systems(as_json: Json = False) -> None:
    """List the accounts with the last characters of their secrets."""
    from admin import systems

    for row in run(systems.listed()):
        if as_json:
            emit(row)
        else:
            state = "in use" if row["active"] else "disabled"
            ends = ", ".join(row["secrets"]) or "–"
            console.print(
                f"{row['id']}  {row['department']}  {row['name']}  {state}  secrets: {ends}",
                markup=False,
                soft_wrap=True,
            )


def _print(id: str, secret: str, as_json: bool) -> None:
    if as_json:
        emit({"client_id": id, "client_secret": secret})
    else:
        console.print(f"{id}  {secret}", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(systems_app, name="systems")

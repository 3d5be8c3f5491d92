"""`yitong rasa`: the Rasa server beside the line (docs/rasa.md)."""

import typer

from admin.commands.output import console, note

rasa_app = typer.Typer(help="The Rasa server beside the line (docs/rasa.md).", no_args_is_help=True)


@rasa_app.command("install")
def install() -> None:
    """Install Rasa into its own environment, .rasa: about 2.2 GB. (What installs is the script ./yitong itself.)"""
    from bot.rasa import place

    rasa, python = place.version()
    console.print(f"Rasa {rasa} is installed in .rasa, on Python {python}.", highlight=False)
    if python != "3.10":
        note(f"Python {python} is outside the range that Rasa declares (3.8 to 3.10); the line's tests run on it.")


@rasa_app.command("train")
def train() -> None:
    """Train the model of the project's rules and form."""
    from bot.rasa import place

    console.print(f"Trained: {place.train()}", highlight=False, soft_wrap=True)


@rasa_app.command("start")
def start() -> None:
    """Run Rasa on loopback, trained anew where the project has changed, until it is told to stop."""
    from bot.rasa import place
    from core.settings import settings

    if settings().dialogue != "rasa":
        note("The line does not use Rasa: it does where web and worker run with YITONG_DIALOGUE=rasa.")
    raise typer.Exit(place.start())


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rasa_app, name="rasa")

"""`yitong classify`, `yitong intents evaluate`, `yitong intents measure`; `learning` adds the rest of `intents`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.commands import learning
from admin.commands.output import Json, console, emit, note, quieten, run

if TYPE_CHECKING:
    from intents import Understanding


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("classify")(classify)
    intents = typer.Typer(help="How well requests are understood.", no_args_is_help=True)
    intents.command("evaluate")(evaluate)
    intents.command("measure")(measure)
    intents.command("emergencies")(emergencies)
    learning.add(intents)
    app.add_typer(intents, name="intents")


def _described(understood: "Understanding") -> dict[str, Any]:
    """Return the object that `docs/understanding.md` shows for one line."""
    from routing import departments

    values = understood.as_json()
    category, addresses = understood.category, understood.entities.addresses
    place = next((address for address in addresses if address.district), None)
    ranked = departments.rank(
        category=category.code if category else None,
        district=place.district if place else None,
        street=place.street if place else None,
        text=understood.text,
    )
    danger = understood.emergency
    return {
        "text": understood.text,
        "request_type": understood.request_type,
        "category": values["category"],
        "urgency": understood.urgency,
        "emergency": {"service": danger.service, "reason": danger.reason} if danger else None,
        "entities": values["entities"],
        "departments": [
            {"code": each.code, "name": each.name, "score": round(each.score, 4), "evidence": each.evidence}
            for each in ranked
        ],
    }


def _take_up() -> None:
    """Answer with what serves where this machine has a line; say where the encoder is not the one that it should be."""
    from admin import warm
    from core.text import encode

    quieten()
    run(warm.take_up_where_there_is_a_line())
    note(encode.degraded())


def classify(as_json: Json = False) -> None:
    """Say what each line on standard input is: type, category, urgency, emergency, entities, departments."""
    from intents import understand

    _take_up()
    for raw in sys.stdin.buffer:
        text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        said = _described(understand(text))
        if as_json:
            emit(said)
            continue
        category = said["category"]
        path = f"{' / '.join(category['path'])} ({category['confidence']:.2f})" if category else "—"
        danger = f"  [{said['emergency']['service']}: {said['emergency']['reason']}]" if said["emergency"] else ""
        first = said["departments"][0]["name"] if said["departments"] else "—"
        console.print(
            f"{text}\n  {said['request_type']}  {path}  {said['urgency']}{danger}\n  → {first}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def evaluate(
    train: Annotated[Path, typer.Option(help="Labelled JSONL to fit on.")],
    test: Annotated[Path, typer.Option(help="Labelled JSONL to measure on.")],
    text: Annotated[str, typer.Option(help="Column with the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column with the label.")] = "label",
    tune: Annotated[bool, typer.Option("--tune", help="Tune the encoder first (extra `models`).")] = False,
    as_json: Json = False,
) -> None:
    """Fit this product's classifier on a labelled file and measure it on another, with the encoder in service."""
    from rich.console import Console
    from rich.progress import Progress

    from intents.evaluate import evaluate as measured

    _take_up()
    with Progress(console=Console(stderr=True), disable=not tune) as bar:
        task = bar.add_task("Tuning the encoder…", total=None)
        figures = measured(
            train,
            test,
            text=text,
            label=label,
            tune=tune,
            progress=lambda done, steps: bar.update(task, completed=done, total=steps),
        )
    _figures(figures, as_json=as_json)


def measure(as_json: Json = False) -> None:
    """Say how well what serves tells the city's own examples apart, each by a classifier that has not seen it."""
    from intents import statutory
    from intents.classify import classifier

    _take_up()
    asked = classifier()
    counted = {"leaves": len(asked.leaves), "examples": asked.examples.spoken}
    _figures({**counted, **asked.measured(), **statutory.measured()}, as_json=as_json)


def emergencies(
    labelled: Annotated[Path, typer.Argument(help="JSONL with text, service (or null), kind and, if it has any, set.")],
    as_json: Json = False,
) -> None:
    """Say how many dangers are recognised, asked about or missed, and how many harmless sentences alarm."""
    from intents.emergency_measure import figures, judge

    _take_up()
    measured = figures(judge(labelled))
    if as_json:
        emit(measured)
        return
    for name, counted in measured.items():
        console.print(name, markup=False)
        _figures(counted, as_json=False)


def _figures(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(figures)
        return
    for name, value in figures.items():
        console.print(f"{name:>20}  {value}", markup=False)

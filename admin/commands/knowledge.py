"""`yitong kb`: search the knowledge base, import into it, measure its retrieval."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from admin.commands.output import Json, console, emit, run

if TYPE_CHECKING:
    from kb import Hit
    from kb.articles import Defaults, Report


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The knowledge base.", no_args_is_help=True)
    group.command("search")(search)
    group.command("evaluate")(evaluate)
    group.command("import")(import_)
    group.command("index")(index)
    app.add_typer(group, name="kb")


def search(
    query: Annotated[str, typer.Argument(help="What a citizen might ask.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="Hits at most.")] = 5,
    as_json: Json = False,
) -> None:
    """Search the published articles, best first; nothing where nothing fits."""
    _prepare()
    for hit in run(_search(query, limit)):
        if as_json:
            emit(hit.as_json())
        else:
            console.print(f"{hit.score:.3f}  {hit.title}  [{hit.article}]", markup=False, style="bold")
            console.print(
                f"       {hit.section + '：' if hit.section else ''}{hit.passage}", markup=False, soft_wrap=True
            )


def _prepare() -> None:
    """Migrate the embedded database."""
    from admin import migrate
    from core.settings import settings

    if settings().database_url is None:
        migrate.upgrade()


async def _search(query: str, limit: int) -> "list[Hit]":
    import kb
    from admin import sample, warm
    from core.database import transaction
    from core.settings import settings

    if settings().database_url is None:
        await sample.load()
    await warm.take_up()
    async with transaction() as session:
        return await kb.search(session, query, limit=limit)


def evaluate(
    corpus: Annotated[Path, typer.Option(help='JSON lines of {"id", "text"}.')],
    queries: Annotated[Path, typer.Option(help='JSON lines of {"text", "relevant": [ids]}.')],
    as_json: Json = False,
) -> None:
    """Measure this retrieval on a corpus with known answers."""
    from kb import evaluation

    figures = evaluation.evaluate(corpus, queries)
    if as_json:
        emit(figures)
    else:
        for name, value in figures.items():
            console.print(f"{name:>9}  {value}")


def index() -> None:
    """Write the index of a large base to disk, as `serve` does by itself; a run that was cut off goes on."""
    _prepare()
    if run(_index()):
        console.print("The index is up to date.")
    else:
        console.print("Another process is writing the index.")


async def _index() -> bool:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from admin import warm
    from kb import building

    await warm.take_up()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done)

        return await building.build(show)


def import_(
    path: Annotated[Path, typer.Argument(help="A file, a folder with all below it, or a .zip.")],
    department: Annotated[str, typer.Option(help="Code of the department that owns the articles.")] = "",
    subject: Annotated[str, typer.Option(help="Their subject, such as 社保.")] = "",
    basis: Annotated[str, typer.Option(help="The law or notice that they rest on.")] = "",
    region: Annotated[str, typer.Option(help="Code of the district that they hold for, or city.")] = "",
    review_due: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day by which they are to be looked at again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import Markdown, HTML, DOCX, PDF and question lists (XLSX, CSV).

    Files that name all their fields are published; of others drafts are made. The options say what the files do not.
    What cannot be read is reported and the rest goes on: exit 1 when something was left out. The same again changes
    nothing; a run that was cut off goes on.
    """
    from kb.articles import Defaults

    _prepare()
    day = review_due.date() if review_due else None
    defaults = Defaults(department=department, subject=subject, basis=basis, region=region, review_due=day)
    report = run(_import(path, defaults))
    if as_json:
        emit(report.as_json())
    else:
        _show(report)
    if report.problems:
        raise typer.Exit(1)


def _show(report: "Report") -> None:
    """Print a line for each thing that is new, changed, merged or left out, and the counts at the end."""
    for each in report.lines:
        if each.outcome != "unchanged":
            what = f"{each.outcome} (draft)" if each.draft else each.outcome
            parts = (what, each.file, each.place, each.article, each.sentence)
            console.print("  ".join(filter(None, parts)), markup=False, highlight=False, soft_wrap=True)
    counts = report.as_json()
    console.print(
        f"{counts['added']} added, {counts['changed']} changed, {counts['unchanged']} unchanged, "
        f"{counts['merged']} merged, {len(report.problems)} problems; {counts['drafts']} drafts wait for review."
    )


async def _import(path: Path, defaults: "Defaults") -> "Report":
    import asyncio

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from kb.articles import Importer
    from kb.articles.formats import Reader, sources

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Reader() as reader, Progress(*columns, console=Console(stderr=True)) as bar:
        importer = Importer(reader, defaults=defaults)
        task = bar.add_task("Looking…", total=None)
        files = await asyncio.to_thread(lambda: list(sources(path, reader)))
        bar.update(task, description="Importing…", total=len(files))

        async def progress(_session: object) -> None:
            bar.update(task, completed=importer.done)

        await importer.run(files, progress)
        return importer.report

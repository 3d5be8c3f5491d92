"""`yitong kb`: search the knowledge base, import into it, measure its retrieval."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from admin.commands.output import Json, console, emit, run

if TYPE_CHECKING:
    from kb import Hit
    from kb.articles import Report


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The knowledge base.", no_args_is_help=True)
    group.command("search")(search)
    group.command("evaluate")(evaluate)
    group.command("import")(import_)
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
    """Migrate the embedded database; keep the log to errors, since standard output is for the answer."""
    from admin import migrate
    from core import logs
    from core.settings import settings

    logs.configure(level="error")
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
    from core import logs
    from kb import evaluation

    logs.configure(level="error")
    figures = evaluation.evaluate(corpus, queries)
    if as_json:
        emit(figures)
    else:
        for name, value in figures.items():
            console.print(f"{name:>9}  {value}")


def import_(
    path: Annotated[Path, typer.Argument(help="A folder of Markdown files, one .md file, or a .csv file.")],
    as_json: Json = False,
) -> None:
    """Import articles; what cannot be read is reported and the rest goes on. Exit 1 when something was left out."""
    _prepare()
    report = run(_import(path))
    if as_json:
        emit(report.as_json())
    else:
        console.print(
            f"{len(report.added)} added, {len(report.changed)} changed, {len(report.unchanged)} unchanged, "
            f"{len(report.problems)} problems."
        )
        for each in report.problems:
            console.print("  ".join(filter(None, (each.file, each.place, each.sentence))), markup=False, soft_wrap=True)
    if report.problems:
        raise typer.Exit(1)


async def _import(path: Path) -> "Report":
    from core.database import transaction
    from kb import articles

    async with transaction() as session:
        if path.suffix.lower() == ".csv":
            return await articles.import_csv(session, path)
        return await articles.import_folder(session, path)

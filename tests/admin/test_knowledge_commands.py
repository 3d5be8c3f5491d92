"""`yitong kb …`: with --json one object a line and nothing else; errors in one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from click.testing import Result

from admin.commands import knowledge
from core import database
from core.errors import BadInput
from tests.admin.command_line import invoke
from tests.kb.conftest import BODY, FRONT


@pytest.fixture(autouse=True)
async def _emptied(committing: None) -> None:
    """What the commands commit is removed again."""


async def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    knowledge.register(app)
    await database.dispose()  # a command has an event loop, and connections, of its own
    return invoke(app, "kb", *arguments)


@pytest.fixture
def article(tmp_path: Path) -> Iterator[Path]:
    head = "".join(f"{key}: {value}\n" for key, value in FRONT.items())
    path = tmp_path / "lamp-warranty.md"
    path.write_text(f"---\n{head}---\n{BODY}")
    yield path


async def test_search_prints_one_hit_a_line_and_nothing_where_nothing_fits() -> None:
    found = await run("search", "租房怎么提取公积金", "--json")
    hits = [json.loads(line) for line in found.stdout.splitlines()]
    assert hits[0]["article"] == "provident-fund-rent-withdrawal"
    assert list(hits[0]) == ["article", "title", "section", "passage", "score", "basis", "department"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    nothing = await run("search", "火星移民怎么办理", "--json")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


async def test_import_reports_what_it_did(article: Path) -> None:
    first = await run("import", str(article), "--json")
    report = json.loads(first.stdout)
    counts = {key: report[key] for key in ("added", "changed", "unchanged", "problems", "merged", "drafts")}
    assert (first.exit_code, counts) == (
        0,
        {"added": 1, "changed": 0, "unchanged": 0, "problems": [], "merged": 0, "drafts": 0},
    )
    assert [(each["file"], each["outcome"], each["draft"]) for each in report["lines"]] == [
        ("lamp-warranty.md", "added", False)
    ]
    (article.parent / "broken.md").write_text("---\nnothing")
    second = await run("import", str(article.parent), "--json")
    report = json.loads(second.stdout)
    assert (second.exit_code, report["unchanged"], len(report["problems"])) == (1, 1, 1)
    (article.parent / "notice.md").write_text("# 通知\n正文。")
    options = ("--department", "hotline_centre", "--subject", "测试", "--review-due", "2027-01-01")
    third = await run("import", str(article.parent / "notice.md"), *options)
    assert third.stdout.splitlines()[0].startswith("added (draft)  notice.md  ")
    assert third.stdout.splitlines()[-1] == (
        "1 added, 0 changed, 0 unchanged, 0 merged, 0 problems; 1 drafts wait for review."
    )
    stranger = await run("import", str(article.parent), "--department", "nobody")
    assert isinstance(stranger.exception, BadInput)
    missing = await run("import", str(article.parent / "missing"), "--json")
    assert isinstance(missing.exception, BadInput)


async def test_evaluate_prints_its_figures(tmp_path: Path) -> None:
    corpus, queries = tmp_path / "corpus.jsonl", tmp_path / "queries.jsonl"
    corpus.write_text('{"id": "a", "text": "狗证到派出所办理"}\n{"id": "b", "text": "水费单在营业厅打印"}\n')
    queries.write_text('{"text": "打印水费单", "relevant": ["b"]}\n')
    made = await run("evaluate", "--corpus", str(corpus), "--queries", str(queries), "--json")
    figures = json.loads(made.stdout)
    assert list(figures) == ["recall@1", "recall@5", "mrr@10", "p50_ms", "p99_ms"]
    assert figures["recall@1"] == 1.0
    queries.write_text("nothing\n")
    bad = await run("evaluate", "--corpus", str(corpus), "--queries", str(queries), "--json")
    assert isinstance(bad.exception, BadInput)
    assert "line 1" in bad.exception.sentence


async def test_index_leaves_a_small_base_in_memory() -> None:
    done = await run("index")
    assert (done.exit_code, done.stdout) == (0, "The index is up to date.\n")

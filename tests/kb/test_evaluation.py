"""Measuring on any corpus; a bad line is named by file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from kb import evaluation

CORPUS = [
    {"id": 1, "text": "狗证到派出所办理。"},
    {"id": "b", "text": "公积金手机提取。"},
    {"id": "c", "text": "水费。"},
]


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_figures_follow_their_definitions() -> None:
    order = {"a": ["1", "2", "3"], "b": ["1", "2", "3"], "c": ["1"]}
    asked = [("a", frozenset("1")), ("b", frozenset("29")), ("c", frozenset("9"))]
    found = evaluation.figures(order.__getitem__, asked)
    assert found["recall@1"] == round(1 / 3, 4)
    assert found["recall@5"] == round((1 + 1 / 2) / 3, 4)
    assert found["mrr@10"] == round((1 + 1 / 2) / 3, 4)
    assert found["p50_ms"] <= found["p99_ms"]


def test_a_corpus_is_searched_like_the_base(tmp_path: Path) -> None:
    queries = [{"text": "怎么办狗证", "relevant": [1]}, {"text": "提取公积金", "relevant": ["b"]}]
    found = evaluation.evaluate(lines(tmp_path / "c.jsonl", CORPUS), lines(tmp_path / "q.jsonl", [*queries, ""]))
    assert (found["recall@1"], found["mrr@10"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    "bad",
    ["not json", "[]", {"id": "x"}, {"id": "x", "text": " "}, {"id": True, "text": "x"}, {"id": "b", "text": "x"}],
)
def test_a_bad_document_is_named(tmp_path: Path, bad: Any) -> None:
    with pytest.raises(BadInput, match=r"c\.jsonl, line 4"):
        evaluation.read_corpus(lines(tmp_path / "c.jsonl", [*CORPUS, bad]))


@pytest.mark.parametrize("bad", [{"text": "x"}, {"text": "", "relevant": [1]}, {"text": "x", "relevant": ["z"]}, "{"])
def test_a_bad_query_is_named(tmp_path: Path, bad: Any) -> None:
    with pytest.raises(BadInput, match=r"q\.jsonl, line 1"):
        evaluation.read_queries(lines(tmp_path / "q.jsonl", [bad]), {"1", "b", "c"})


def test_files_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    empty = lines(tmp_path / "empty.jsonl", [])
    for read in (lambda: evaluation.read_corpus(empty), lambda: evaluation.read_queries(empty, set())):
        with pytest.raises(BadInput):
            read()
    with pytest.raises(BadInput):
        evaluation.read_corpus(tmp_path / "missing.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xff"}')
    with pytest.raises(BadInput):
        evaluation.read_corpus(tmp_path / "latin.jsonl")

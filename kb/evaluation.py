"""Measures this retrieval on any corpus with known answers, as a city does with its own."""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.text.encode import encoder
from kb import calibration
from kb.passages import pieces
from kb.retrieval import Retrieval, Text

DEEPEST = 10  # ranks looked at


def evaluate(corpus: Path, queries: Path) -> dict[str, float]:
    """Index the corpus, ask every query, and return `recall@1`, `recall@5`, `mrr@10`, `p50_ms`, `p99_ms`.

    `corpus`: JSON lines `{"id", "text"}`; `queries`: `{"text", "relevant": [ids]}`. Recall is the share of a query's
    relevant documents among the first, averaged over queries. Raises BadInput that names file and line.
    """
    texts = read_corpus(corpus)
    asked = read_queries(queries, {text.id for text in texts})
    model = encoder()
    retrieval = Retrieval(texts, encoder=model, order=calibration.order("texts", model.fingerprint))
    return figures(lambda query: [found.id for found in retrieval.search(query, DEEPEST)], asked)


def figures(search: Callable[[str], Sequence[str]], asked: Sequence[tuple[str, frozenset[str]]]) -> dict[str, float]:
    """Return the figures of `evaluate` for a function from a query to ids, best first."""
    first, fifth, reciprocal, times = [], [], [], []
    for query, relevant in asked:
        begun = time.perf_counter()
        found = list(search(query))[:DEEPEST]
        times.append(1000 * (time.perf_counter() - begun))
        first.append(len(relevant & set(found[:1])) / len(relevant))
        fifth.append(len(relevant & set(found[:5])) / len(relevant))
        reciprocal.append(next((1 / rank for rank, id_ in enumerate(found, 1) if id_ in relevant), 0.0))
    ordered = sorted(times)
    return {
        "recall@1": round(statistics.fmean(first), 4),
        "recall@5": round(statistics.fmean(fifth), 4),
        "mrr@10": round(statistics.fmean(reciprocal), 4),
        "p50_ms": round(ordered[len(ordered) // 2], 3),
        "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
    }


def read_corpus(path: Path) -> list[Text]:
    """Return the documents of a corpus file, long ones in pieces. Raises BadInput that names file and line."""
    texts: dict[str, Text] = {}
    for place, row in _rows(path):
        id_, said = row.get("id"), row.get("text")
        if not isinstance(id_, str | int) or isinstance(id_, bool) or not isinstance(said, str) or not said.strip():
            raise BadInput(f'{place}: a document is {{"id": "…", "text": "…"}}, both not empty.')
        if str(id_) in texts:
            raise BadInput(f"{place}: the id {id_} was used before.")
        texts[str(id_)] = Text(str(id_), passages=tuple(pieces(said)))
    if not texts:
        raise BadInput(f"{path} holds no document.")
    return list(texts.values())


def read_queries(path: Path, known: set[str]) -> list[tuple[str, frozenset[str]]]:
    """Return (text, relevant ids) of each query. Raises BadInput that names file and line."""
    asked = []
    for place, row in _rows(path):
        query, relevant = row.get("text"), row.get("relevant")
        if not isinstance(query, str) or not query.strip() or not isinstance(relevant, list) or not relevant:
            raise BadInput(f'{place}: a query is {{"text": "…", "relevant": [ids]}}, both not empty.')
        unknown = [id_ for id_ in relevant if str(id_) not in known]
        if unknown:
            raise BadInput(f"{place}: there is no document {unknown[0]} in the corpus.")
        asked.append((query, frozenset(map(str, relevant))))
    if not asked:
        raise BadInput(f"{path} holds no query.")
    return asked


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                place = f"{path}, line {number}"
                try:
                    row = json.loads(line)
                except ValueError:
                    raise BadInput(f"{place}: this is not JSON.") from None
                if not isinstance(row, dict):
                    raise BadInput(f"{place}: this is not a JSON object.")
                yield place, row
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.") from None

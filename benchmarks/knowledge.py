"""Retrieval beside character BM25 on a file of messages with their replies: the title must find its own reply.

python -m benchmarks.knowledge MESSAGES.jsonl      lines of {"id", "title", "reply"}
"""

import json
import sys
import tempfile
from collections import Counter
from math import log
from pathlib import Path

from core.text.normalise import normalise
from kb.evaluation import evaluate, figures, read_corpus, read_queries


class CharacterBm25:
    """BM25 (k1 1.2, b 0.75) over single characters and pairs of neighbours: what one has without any model."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._ids = list(texts)
        held = [Counter(self._grams(text)) for text in texts.values()]
        mean = sum(each.total() for each in held) / len(held)
        documents = Counter(gram for each in held for gram in each)
        self._weights: dict[str, list[tuple[int, float]]] = {}
        for number, each in enumerate(held):
            for gram, count in each.items():
                rarity = log(1 + (len(held) - documents[gram] + 0.5) / (documents[gram] + 0.5))
                damped = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * each.total() / mean))
                self._weights.setdefault(gram, []).append((number, rarity * damped))

    def _grams(self, text: str) -> list[str]:
        plain = normalise(text)
        return [*plain, *(plain[start : start + 2] for start in range(len(plain) - 1))]

    def search(self, query: str) -> list[str]:
        scores: Counter[int] = Counter()
        for gram in self._grams(query):
            for number, weight in self._weights.get(gram, ()):
                scores[number] += weight
        return [self._ids[number] for number, _ in scores.most_common(10)]


def main(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["title"].strip() and row["reply"].strip()]
    with tempfile.TemporaryDirectory() as folder:
        corpus, queries = Path(folder, "corpus.jsonl"), Path(folder, "queries.jsonl")
        corpus.write_text("".join(json.dumps({"id": row["id"], "text": row["reply"]}) + "\n" for row in rows))
        queries.write_text("".join(json.dumps({"text": row["title"], "relevant": [row["id"]]}) + "\n" for row in rows))
        asked = read_queries(queries, {text.id for text in read_corpus(corpus)})
        bm25 = CharacterBm25({row["id"]: row["reply"] for row in rows})
        print(json.dumps({"messages": len(rows)}))
        print(json.dumps({"character BM25": figures(bm25.search, asked)}))
        print(json.dumps({"kb": evaluate(corpus, queries)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Retrieval beside its peers in one run: one table.

    python -m benchmarks.knowledge [--data ../shared/data] [--half 1] [--peers PYTHON]

Messages: a title must find its own official reply. Policy: a question must find its own answer among all answers.
City: the questions of `tests/kb/data` must find their article. `--half 1` asks only what chose no weight (by the hash
of the id), `--half 0` only what did. `--peers` names the Python of an environment that has bm25s and haystack-ai; they
get the same words (jieba's), haystack's embedding retriever the vector of each whole text. Milliseconds of peers are
without cutting and encoding the question. Nothing of the data goes anywhere.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from core.text.encode import encoder
from core.text.normalise import normalise
from core.text.segment import words
from kb import calibration
from kb.evaluation import figures
from kb.passages import pieces
from kb.retrieval import Retrieval, Text

PEERS = ("bm25s", "haystack-bm25", "haystack-embedding")


@dataclass(frozen=True)
class Corpus:
    name: str
    kind: str  # which order weights: `texts` or `articles`
    texts: list[Text]
    whole: list[str]
    asked: list[tuple[str, frozenset[str]]]


class Bm25:
    """BM25 (k1 1.2, b 0.75) over any terms: what one has without any model."""

    def __init__(self, texts: Sequence[str], cut: Callable[[str], list[str]]) -> None:
        self._cut = cut
        held = [Counter(cut(normalise(text))) for text in texts]
        mean = sum(each.total() for each in held) / len(held)
        documents = Counter(term for each in held for term in each)
        self._weights: dict[str, list[tuple[int, float]]] = {}
        for number, each in enumerate(held):
            for term, count in each.items():
                rarity = log(1 + (len(held) - documents[term] + 0.5) / (documents[term] + 0.5))
                damped = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * each.total() / mean))
                self._weights.setdefault(term, []).append((number, rarity * damped))

    def search(self, query: str) -> list[int]:
        scores: Counter[int] = Counter()
        for term in self._cut(normalise(query)):
            for number, weight in self._weights.get(term, ()):
                scores[number] += weight
        return [number for number, _ in scores.most_common(10)]


def characters(plain: str) -> list[str]:
    return [*plain, *(plain[start : start + 2] for start in range(len(plain) - 1))]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def of_half(key: str, half: int | None) -> bool:
    return half is None or hashlib.sha256(key.encode()).digest()[0] % 2 == half


def plain_texts(name: str, texts: dict[str, str], asked: list[tuple[str, str]]) -> Corpus:
    documents = [Text(id_, passages=tuple(pieces(text))) for id_, text in texts.items()]
    return Corpus(name, "texts", documents, list(texts.values()), [(query, frozenset([id_])) for query, id_ in asked])


def messages(data: Path, half: int | None) -> Corpus:
    read = [row for row in rows(data / "messages_replies.jsonl") if row["title"].strip() and row["reply"].strip()]
    asked = [(row["title"], row["id"]) for row in read if of_half(row["id"], half)]
    return plain_texts("messages", {row["id"]: row["reply"] for row in read}, asked)


def policy(data: Path, half: int | None) -> Corpus:
    read = [row for row in rows(data / "policy_questions.jsonl") if row["question"].strip() and row["answer"].strip()]
    ids = {answer: str(number) for number, answer in enumerate(dict.fromkeys(row["answer"] for row in read))}
    asked = [(row["question"], ids[row["answer"]]) for row in read if of_half(row["docid"], half)]
    return plain_texts("policy", {id_: answer for answer, id_ in ids.items()}, asked)


def city() -> Corpus:
    from benchmarks.answers import DATA, documents

    texts = documents()
    whole = ["\n".join((*text.asked(), *text.passages)) for text in texts]
    read = [row for name in ("covered", "fresh") for row in rows(DATA / f"{name}.jsonl") if "article" in row]
    return Corpus("city", "articles", texts, whole, [(row["question"], frozenset([row["article"]])) for row in read])


def peers(corpus: Corpus, python: str) -> dict[str, dict[str, float]]:
    given = {
        "words": [words(normalise(text)) for text in corpus.whole],
        "asked_words": [words(normalise(query)) for query, _ in corpus.asked],
        "vectors": encoder().encode(corpus.whole).tolist(),
        "asked_vectors": encoder().encode([query for query, _ in corpus.asked]).tolist(),
    }
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "given.json")
        file.write_text(json.dumps(given), encoding="utf-8")
        for name in PEERS:
            command = [python, str(Path(__file__).with_name("knowledge_peers.py")), name, str(file)]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(printed.splitlines()[-1])
            order = iter([[corpus.texts[number].id for number in numbers] for numbers, _ in found])
            times = sorted(milliseconds for _, milliseconds in found)
            measured[name] = figures(lambda _, order=order: next(order), corpus.asked) | {  # type: ignore[misc]
                "p50_ms": times[len(times) // 2],
                "p99_ms": times[int(0.99 * len(times))],
            }
    return measured


def measure(corpus: Corpus, python: str | None) -> dict[str, dict[str, float]]:
    ids = [text.id for text in corpus.texts]
    jieba, grams = Bm25(corpus.whole, words), Bm25(corpus.whole, characters)
    used = encoder()
    ours = Retrieval(corpus.texts, encoder=used, order=calibration.order(corpus.kind, used.fingerprint))
    return {
        "jieba BM25": figures(lambda query: [ids[number] for number in jieba.search(query)], corpus.asked),
        "character BM25": figures(lambda query: [ids[number] for number in grams.search(query)], corpus.asked),
        **(peers(corpus, python) if python else {}),
        "this retrieval": figures(lambda query: [each.id for each in ours.search(query, 10)], corpus.asked),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--half", type=int, choices=(0, 1))
    arguments.add_argument("--peers", metavar="PYTHON")
    given = arguments.parse_args()
    print(f"{'':30}{'recall@1':>9}{'@5':>7}{'MRR@10':>8}{'p50 ms':>8}{'p99 ms':>8}")
    for corpus in (messages(given.data, given.half), policy(given.data, given.half), city()):
        print(f"{corpus.name}: {len(corpus.asked)} questions, {len(corpus.texts)} documents")
        for name, found in measure(corpus, given.peers).items():
            first, fifth, reciprocal, half, most = found.values()
            print(f"  {name:28}{first:9.3f}{fifth:7.3f}{reciprocal:8.3f}{half:8.1f}{most:8.1f}", flush=True)
    print("the sample city's questions, and what it must not answer:", flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.answers"], check=True)


if __name__ == "__main__":
    main()

"""Peers of retrieval, each in the environment it installs into: `python knowledge_peers.py NAME FILE.json`.

The file holds texts and questions, both in words and in vectors; the last line printed is, a question, the ten first
documents, best first, and the milliseconds.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Search = Callable[[int], list[int]]  # from the number of a question to the numbers of documents


def bm25s(given: dict[str, Any]) -> Search:
    import bm25s as library

    vocabulary: dict[str, int] = {}
    numbers = [[vocabulary.setdefault(word, len(vocabulary)) for word in words] for words in given["words"]]
    index = library.BM25()
    index.index((numbers, vocabulary), show_progress=False)
    asked = [[vocabulary[word] for word in words if word in vocabulary] for words in given["asked_words"]]

    def search(number: int) -> list[int]:
        if not asked[number]:
            return []
        return [int(row) for row in library_scores(index, asked[number])]

    def library_scores(index: Any, words: list[int]) -> Any:
        return index.get_scores(words).argsort()[::-1][:10]

    return search


def haystack(given: dict[str, Any], *, meaning: bool) -> Search:
    from haystack import Document
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    # Its tokens are between spaces here, so that it is given the same words as everybody.
    store = InMemoryDocumentStore(bm25_tokenization_regex=r"\S+", embedding_similarity_function="dot_product")
    rows = enumerate(zip(given["words"], given["vectors"], strict=True))
    store.write_documents(
        [Document(id=str(row), content=" ".join(words), embedding=vector) for row, (words, vector) in rows]
    )
    if meaning:
        near = InMemoryEmbeddingRetriever(store, top_k=10)
        return lambda number: ids(near.run(query_embedding=given["asked_vectors"][number]))
    alike = InMemoryBM25Retriever(store, top_k=10)
    return lambda number: ids(alike.run(query=" ".join(given["asked_words"][number]) or "。"))


def ids(found: dict[str, Any]) -> list[int]:
    return [int(document.id) for document in found["documents"]]


PEERS: dict[str, Callable[[dict[str, Any]], Search]] = {
    "bm25s": bm25s,
    "haystack-bm25": lambda given: haystack(given, meaning=False),
    "haystack-embedding": lambda given: haystack(given, meaning=True),
}


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    search, answers = PEERS[sys.argv[1]](given), []
    for number in range(len(given["asked_words"])):
        begun = time.perf_counter()
        answers.append([search(number), 1000 * (time.perf_counter() - begun)])
    print(json.dumps(answers))

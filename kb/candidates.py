"""Which documents are looked at for a question: those that words propose (tantivy) and those near in meaning (FAISS).

They only propose. What comes first is decided in `kb.retrieval`, which measures each proposed document anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import faiss
import numpy as np
import tantivy
from numpy.typing import NDArray

from core.text.encode import Vectors

WORDS_PROPOSE = 50  # documents
MEANING_PROPOSES = 100  # vectors, several of which may be one document's
HEAP = 20_000_000  # bytes that are written at once


class Candidates:
    """An immutable index of documents, which are numbers."""

    def __init__(self, index: tantivy.Index, nearest: Any, owners: NDArray[np.integer[Any]]) -> None:
        """Take what `write` wrote, and a FAISS index of unit vectors with the document that each is of."""
        self._schema = index.schema
        self._searcher = index.searcher()
        self._nearest, self._owners = nearest, owners

    @classmethod
    def of(cls, terms: Sequence[Sequence[str]], vectors: Vectors, owners: NDArray[np.integer[Any]]) -> "Candidates":
        """Index in memory: the terms of each document, as often as they count, and vectors with their owners."""
        index = tantivy.Index(schema())
        write(index, ((number, " ".join(each), "") for number, each in enumerate(terms)))
        nearest = faiss.IndexFlatIP(vectors.shape[1])
        nearest.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index, nearest, owners)

    def by_words(self, wanted: Mapping[str, float], *, more: int = 0) -> set[int]:
        """Return the documents that hold most of the terms wanted, by weight; `more` than usual."""
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._query("terms", term), weight))
            for term, weight in wanted.items()
        ]
        if not clauses:
            return set()
        return self._numbers(tantivy.Query.boolean_query(clauses), WORDS_PROPOSE + more)

    def by_meaning(self, vectors: Vectors, *, more: int = 0) -> set[int]:
        """Return the documents with a vector near one of the rows of `vectors`."""
        count = min(MEANING_PROPOSES + more, self._nearest.ntotal)
        if not count:
            return set()
        faiss.omp_set_num_threads(1)  # of this thread: on a busy machine, threads that wait for each other cost more
        _, rows = self._nearest.search(np.ascontiguousarray(vectors, dtype=np.float32), count)
        return set(self._owners[rows[rows >= 0]].tolist())

    def holding(self, term: str) -> int:
        """Return how many documents hold a term."""
        return int(self._searcher.doc_freq("terms", term))

    def under(self, key: str, *, most: int) -> set[int]:
        """Return the documents with a key; none where more than `most` have it."""
        held = self._searcher.doc_freq("keys", key)
        return self._numbers(self._query("keys", key), held) if 0 < held <= most else set()

    def _numbers(self, query: tantivy.Query, count: int) -> set[int]:
        hits = self._searcher.search(query, count, count=False).hits
        return {self._searcher.doc(address)["number"][0] for _, address in hits}

    def _query(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term)


def schema() -> tantivy.Schema:
    """Return what tantivy holds of a document: its number, its terms, and keys to find it by, which order nothing."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", stored=True)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("keys", tokenizer_name="whitespace", index_option="basic")
    return builder.build()


def write(index: tantivy.Index, documents: Iterable[tuple[int, str, str]]) -> None:
    """Add documents to an index of this `schema`: number, terms and keys, these with spaces between."""
    writer = index.writer(heap_size=HEAP, num_threads=1)
    for number, terms, keys in documents:
        document = tantivy.Document()
        document.add_unsigned("number", number)
        document.add_text("terms", terms)
        document.add_text("keys", keys)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()

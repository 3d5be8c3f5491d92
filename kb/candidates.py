"""Which documents are looked at for a question: those that words propose (tantivy) and those near in meaning (FAISS).

They only propose. What comes first is decided in `kb.retrieval`, which measures each proposed document anew.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import tantivy

from core.text.encode import Vectors
from core.text.index import VectorIndex
from kb import words

WORDS_PROPOSE = 50  # documents
MEANING_PROPOSES = 100  # vectors, several of which may be one document's
ASKED_COUNTS = 2  # times that what stands in title and questions is indexed


class Candidates:
    """An immutable index of documents, which are numbers from 0."""

    def __init__(
        self,
        asked: Sequence[Sequence[str]],
        said: Sequence[Sequence[str]],
        vectors: Vectors,
        owners: Sequence[int],
        *,
        made_by: str,
    ) -> None:
        """Index normalised texts by document: the ways to ask and the passages; and one vector an owner."""
        self._index = _indexed(asked, said)
        self._searcher = self._index.searcher()
        self._nearest = VectorIndex(owners, vectors, fingerprint=made_by)
        self._size = len(asked)

    def by_words(self, wanted: Mapping[str, float]) -> set[int]:
        """Return the documents that hold most of the terms wanted, by weight."""
        schema = self._index.schema
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(tantivy.Query.term_query(schema, "terms", term), weight))
            for term, weight in wanted.items()
        ]
        hits = self._searcher.search(tantivy.Query.boolean_query(clauses), WORDS_PROPOSE).hits if clauses else []
        return {self._searcher.doc(address)["number"][0] for _, address in hits}

    def by_meaning(self, vectors: Vectors, *, made_by: str) -> set[int]:
        """Return the documents with a vector near one of the rows of `vectors`."""
        found = self._nearest.search(vectors, MEANING_PROPOSES, made_by=made_by)
        return {neighbour.key for row in found for neighbour in row}

    def rarity(self, term: str) -> float:
        """Return how much a term says: BM25's inverse document frequency."""
        held = self._searcher.doc_freq("terms", term)
        return float(np.log1p((self._size - held + 0.5) / (held + 0.5)))


def _indexed(asked: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> tantivy.Index:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", stored=True)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=20_000_000, num_threads=1)
    for number, (ways, passages) in enumerate(zip(asked, said, strict=True)):
        terms = [term for text in [*ways] * ASKED_COUNTS + [*passages] for term in words.terms(text)]
        document = tantivy.Document()
        document.add_unsigned("number", number)
        document.add_text("terms", " ".join(terms))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index

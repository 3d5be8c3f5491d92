"""Hybrid retrieval. Words (tantivy) and meaning (FAISS) propose documents; one linear score of both orders them.

Knows no database: it is built over any texts, beside the old one, and swapped in whole.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tantivy

from core.text.encode import Encoder, Vectors
from core.text.index import VectorIndex
from core.text.normalise import normalise
from core.text.segment import terms
from core.text.segment import words as segment
from core.text.vectors import Vectorise
from kb import words

ORDERING = ("asked", "second", "said", "mean", "coverage", "lexical")  # what the score is a weighted sum of
MEASURES = ("asked", "second", "said", "mean", "coverage", "unmatched")  # what says whether a document fits
FIELDS = {"title": 2.0, "questions": 2.0, "passages": 1.0}  # weight of a word by where it stands
LEXICAL_DEPTH = 50  # documents that words propose
VECTOR_DEPTH = 200  # vectors that meaning proposes, several of which may be one document's
LONGEST = 500  # characters of a question that are read


@dataclass(frozen=True, slots=True)
class Text:
    """What is indexed of one document: its name, the ways to ask for it, and what it says, piece by piece."""

    id: str
    title: str = ""
    questions: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()

    def asked(self) -> list[str]:
        """Return the ways to ask: the title and the questions."""
        return [each for each in (self.title, *self.questions) if each]

    def sentences(self) -> list[str]:
        """Return every text that gets a vector of its own: the ways to ask, then each passage under the title."""
        return self.asked() + [f"{self.title} {passage}".strip() for passage in self.passages]


@dataclass(frozen=True, slots=True)
class Found:
    """One document and how it fits: cosines to its ways to ask (best, second) and its passages (best, mean).

    `coverage`: share of the question's content words that the document holds, rare words counting more.
    `unmatched`: the rest of it, spread over the content words: in a short question one unknown word weighs much.
    `lexical`: BM25 as a share of the best document's.
    """

    id: str
    score: float
    asked: float
    second: float
    said: float
    mean: float
    coverage: float
    unmatched: float
    lexical: float
    passages: tuple[float, ...]  # cosine of each passage

    def measures(self) -> dict[str, float]:
        """Return what says whether the document fits, by name."""
        return {name: getattr(self, name) for name in MEASURES}


class Retrieval:
    """An immutable index over documents."""

    def __init__(
        self,
        texts: Sequence[Text],
        *,
        encoder: Encoder,
        order: Mapping[str, float],
        vectorise: Vectorise | None = None,
    ) -> None:
        """Index `texts`. `order`: the weight of each of `ORDERING` (`calibration.order`).

        `vectorise` stands in for `encoder.encode` where the vectors are kept.
        """
        self._encoder = encoder
        self._order = order
        self._texts = list(texts)
        self._plain = [normalise(" ".join((*text.asked(), *text.passages))) for text in texts]
        self._held = Counter(word for plain in self._plain for word in set(segment(plain)))
        self._lexical, self._schema = _lexical(texts)
        self._vectors = (vectorise or encoder.encode)([each for text in texts for each in text.sentences()])
        self._starts = np.cumsum([0, *(len(text.sentences()) for text in texts)])
        owners = [number for number, text in enumerate(texts) for _ in text.sentences()]
        self._nearest = VectorIndex(owners, self._vectors, fingerprint=encoder.fingerprint)

    def __len__(self) -> int:
        return len(self._texts)

    def search(self, query: str, limit: int) -> list[Found]:
        """Return up to `limit` documents, best first; `query` is read to its `LONGEST`th character."""
        query = normalise(query[: 2 * LONGEST])[:LONGEST]
        if not self._texts or not query:
            return []
        vector = self._encoder.encode([query])
        nearest = self._nearest.search(vector, VECTOR_DEPTH, made_by=self._encoder.fingerprint)[0]
        near = {neighbour.key for neighbour in nearest}
        matching = self._matching(terms(query))
        rarity = {word: math.log((len(self._texts) + 1) / (self._held[word] + 0.5)) for word in words.content(query)}
        found = [
            self._measure(number, vector[0], rarity, matching.get(number, 0.0)) for number in near | matching.keys()
        ]
        return sorted(found, key=lambda each: (-each.score, each.id))[:limit]

    def _matching(self, wanted: Sequence[str]) -> dict[int, float]:
        """Return the documents that words propose, with their BM25 as a share of the best."""
        clauses = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, name, term), weight),
            )
            for term in dict.fromkeys(wanted)
            for name, weight in FIELDS.items()
        ]
        searcher = self._lexical.searcher()
        hits = searcher.search(tantivy.Query.boolean_query(clauses), LEXICAL_DEPTH).hits if clauses else []
        return {searcher.doc(address)["number"][0]: score / hits[0][0] for score, address in hits}

    def _measure(self, number: int, vector: Vectors, rarity: Mapping[str, float], lexical: float) -> Found:
        text, plain = self._texts[number], self._plain[number]
        cosines = (self._vectors[self._starts[number] : self._starts[number + 1]] @ vector).tolist()
        ways = len(text.asked())
        asked, said = sorted(cosines[:ways], reverse=True), cosines[ways:]
        coverage = sum(weight for word, weight in rarity.items() if word in plain) / (sum(rarity.values()) or 1.0)
        measures = {
            "asked": asked[0] if asked else 0.0,
            "second": asked[min(1, ways - 1)] if asked else 0.0,
            "said": max(said, default=0.0),
            "mean": sum(said) / len(said) if said else 0.0,
            "coverage": coverage,
            "lexical": lexical,
        }
        return Found(
            id=text.id,
            score=sum(self._order[name] * measure for name, measure in measures.items()),
            unmatched=(1 - coverage) / max(1, len(rarity)),
            passages=tuple(said),
            **measures,
        )


def _lexical(texts: Sequence[Text]) -> tuple[tantivy.Index, tantivy.Schema]:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", stored=True)
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=20_000_000, num_threads=1)
    for number, text in enumerate(texts):
        document = tantivy.Document()
        document.add_unsigned("number", number)
        for name, held in (("title", [text.title]), ("questions", text.questions), ("passages", text.passages)):
            document.add_text(name, " ".join(term for each in held for term in terms(normalise(each))))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index, schema

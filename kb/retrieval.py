"""Hybrid retrieval: `kb.candidates` proposes documents, one linear score of words and meaning orders them.

Knows no database: it is built over any texts, beside the old one, and swapped in whole.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Encoder, Vectors
from core.text.normalise import normalise
from core.text.vectors import Vectorise
from kb import reranking, synonyms, votes, words
from kb.documents import Document, Fresh, Part, Text, analyse
from kb.spelling import Spelling
from kb.stored import Stored, Sum
from kb.synonyms import Meaning
from kb.votes import Votes

__all__ = ["Found", "Query", "Retrieval", "Text"]

# What the score is a weighted sum of.
ORDERING = ("asked", "second", "said", "mean", "coverage", "lexical", "elsewhere", "votes")
MEASURES = (
    "asked",
    "second",
    "said",
    "mean",
    "coverage",
    "unmatched",
    "votes",
    "refused",
    "abroad",
)  # what says whether a document fits
SATURATION, LENGTH = 1.2, 0.9  # BM25's k1 and b
# What a word of the same meaning counts, and what the other wording's cosines lose: the exact word still wins.
ANOTHER_WORD = 0.8
ANOTHER_WORDING = 0.02
LONGEST = 500  # characters of a question that are read
MOST_COUNTED = 5_000  # documents that are no more and are taken from the counts; more stay until the next join
MOST_MORE = 100  # candidates looked at for those that are no more


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it was read: normalised, and with what was typed wrong put right (typed, meant)."""

    text: str
    corrected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One document and how it fits: cosines to its ways to ask (best, second) and its passages (best, mean).

    `coverage`: share of the question's content words that the document holds, rare words counting more.
    `unmatched`: the rest of it, spread over the content words: in a short question one unknown word weighs much.
    `lexical`: BM25 of the question's pairs of characters, as a share of what a document full of them would have.
    `elsewhere`: 1 where the question names a place, and the document other places only.
    `abroad`: 1 where the question names a well-known place elsewhere that the document does not.
    `votes`, `refused`: of the sentences near the question, those for it, and those for what no document answers
    (`kb.votes`).
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
    elsewhere: float
    abroad: float
    votes: float
    refused: float
    passages: tuple[float, ...]  # cosine of each passage
    query: Query

    def measures(self) -> dict[str, float]:
        """Return what says whether the document fits, by name."""
        return {name: getattr(self, name) for name in MEASURES}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is sought: the vectors of the question and of its other wording, its words and pairs with their rarity."""

    query: Query
    vectors: Vectors
    words: Mapping[str, float]
    pairs: Mapping[str, float]
    all_words: float  # sum of either, 1 where there is none
    all_pairs: float
    places: frozenset[str]
    abroad: frozenset[str]
    meant: Meaning


class Retrieval:
    """An immutable index over documents: those in memory and, where a base is large, the part on disk."""

    def __init__(
        self,
        texts: Sequence[Text] | Fresh,
        *,
        encoder: Encoder,
        order: Mapping[str, float],
        vectorise: Vectorise | None = None,
        stored: Stored | None = None,
        masked: Set[int] = frozenset(),
    ) -> None:
        """Index `texts`. `order`: the weight of each of `ORDERING` (`calibration.order`).

        `vectorise` stands in for `encoder.encode` where the vectors are kept. `stored`: more documents, of which those
        `masked` are no more.
        """
        self._encoder = encoder
        self._order = order
        if not isinstance(texts, Fresh):
            texts = Fresh(analyse(texts, vectorise or encoder.encode), dimension=encoder.dimension)
        self._parts: list[tuple[Part, Set[int]]] = [(texts, frozenset())]
        self._gone: Counter[str] = Counter()  # terms of what is masked
        self._size, self._held, characters = len(texts), texts.held, texts.characters
        if stored is None:
            self._spelling = Spelling(self._held, self._size)
        else:
            self._parts.append((stored, masked))
            gone = [stored.counts(number) for number in masked] if len(masked) <= MOST_COUNTED else []
            self._gone.update(term for each in gone for term in each.terms)
            self._size += len(stored) - len(gone)
            self._held = Sum(stored.held, texts.held, Counter(word for each in gone for word in each.words))
            characters += stored.characters - sum(each.characters for each in gone)
            self._spelling = stored.spelling.changed(self._held, self._size, self._held.changed())
        self._mean = characters / max(1, self._size)

    def __len__(self) -> int:
        return self._size

    def search(self, query: str, limit: int) -> list[Found]:
        """Return up to `limit` documents, best first; `query` is read to its `LONGEST`th character."""
        plain = normalise(query[: 2 * LONGEST])[:LONGEST]
        if not self._size or not plain:
            return []
        wanted = self._wanted(Query(*self._spelling.correct(plain)))
        documents = {each.id: each for each in sorted(self._proposed(wanted), key=lambda each: each.id)}
        found = self._measured(list(documents.values()), wanted)
        found.sort(key=lambda each: (-each.score, each.id))
        best = reranking.reordered(wanted.query.text, found, lambda each: _best(documents[each.id].read(), each))
        return best[:limit]

    def _proposed(self, wanted: _Wanted) -> Iterator[Document]:
        terms = dict.fromkeys(words.pairs(wanted.meant.other), ANOTHER_WORD) | dict.fromkeys(wanted.pairs, 1.0)
        for part, masked in self._parts:
            more = min(len(masked), MOST_MORE)
            numbers = part.candidates.by_meaning(wanted.vectors, more=more)
            numbers |= part.candidates.by_words(terms, more=more)
            yield from map(part.document, numbers - masked)

    def _wanted(self, query: Query) -> _Wanted:
        meant = synonyms.meaning(query.text)
        counts = Counter(words.pairs(query.text))
        rarity = {word: math.log((self._size + 1) / (self._held[word] + 0.5)) for word in words.content(query.text)}
        pairs = {pair: count * self._rarity(pair) for pair, count in counts.items()}
        return _Wanted(
            query=query,
            vectors=self._encoder.encode([query.text, *filter(None, [meant.other])]),
            words=rarity,
            pairs=pairs,
            all_words=sum(rarity.values()) or 1.0,
            all_pairs=sum(pairs.values()) or 1.0,
            places=words.places(query.text),
            abroad=words.abroad(query.text),
            meant=meant,
        )

    def _rarity(self, term: str) -> float:
        """Return how much a term says: BM25's inverse document frequency."""
        held = sum(part.candidates.holding(term) for part, _ in self._parts) - self._gone[term]
        return float(np.log1p((self._size - held + 0.5) / (held + 0.5)))

    def _measured(self, documents: Sequence[Document], wanted: _Wanted) -> list[Found]:
        cosines = [_cosines(document, wanted) for document in documents]
        cast = votes.cast(wanted.query.text, cosines, documents) if documents and self._order["votes"] else None
        pairs = zip(documents, cosines, strict=True)
        return [self._measure(document, near, cast, wanted) for document, near in pairs]

    def _measure(self, document: Document, cosines: NDArray[np.float32], cast: Votes | None, wanted: _Wanted) -> Found:
        ways, passages, plain = document.ways, document.said, document.plain
        near = cosines.tolist()
        asked, said = sorted(near[:ways], reverse=True), near[ways : ways + passages]
        coverage = _coverage(wanted, plain)
        measures = {
            "asked": asked[0] if asked else 0.0,
            "second": asked[min(1, ways - 1)] if asked else 0.0,
            "said": max(said, default=0.0),
            "mean": sum(said) / len(said) if said else 0.0,
            "coverage": coverage,
            "lexical": self._lexical(wanted, plain),
            "elsewhere": float(bool(wanted.places and document.places) and not _names(plain, wanted.places)),
            "votes": cast.documents[document.id] if cast else 0.0,
        }
        return Found(
            id=document.id,
            score=sum(self._order[name] * measure for name, measure in measures.items()),
            refused=cast.refused if cast else 0.0,
            abroad=float(bool(wanted.abroad) and not _names(plain, wanted.abroad)),
            unmatched=(1 - coverage) / max(1, len(wanted.words)),
            passages=tuple(said),
            query=wanted.query,
            **measures,
        )

    def _lexical(self, wanted: _Wanted, plain: str) -> float:
        damping = SATURATION * (1 - LENGTH + LENGTH * len(plain) / self._mean)
        held = 0.0
        for pair, weight in wanted.pairs.items():
            if count := plain.count(pair):
                held += weight * count / (count + damping)
        return held / wanted.all_pairs


def _best(text: Text, found: Found) -> str:
    best = text.passages[int(np.argmax(found.passages))] if found.passages else ""
    return f"{text.title} {best}".strip()


def _cosines(document: Document, wanted: _Wanted) -> NDArray[np.float32]:
    every = document.vectors @ wanted.vectors.T
    every[:, 1:] -= ANOTHER_WORDING
    nearest: NDArray[np.float32] = every.max(axis=1)
    return nearest


def _coverage(wanted: _Wanted, plain: str) -> float:
    held = 0.0
    for word, weight in wanted.words.items():
        if word in plain:
            held += weight
        elif any(other in plain for other in wanted.meant.words.get(word, ())):
            held += ANOTHER_WORD * weight
    return held / wanted.all_words


def _names(plain: str, places: frozenset[str]) -> bool:
    return any(place in plain for place in places)

"""Hybrid retrieval: `kb.candidates` proposes documents, one linear score of words and meaning orders them.

Knows no database: it is built over any texts, beside the old one, and swapped in whole.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.text.encode import Encoder, Vectors
from core.text.normalise import normalise
from core.text.segment import words as segment
from core.text.vectors import Vectorise
from kb import reranking, synonyms, words
from kb.candidates import Candidates
from kb.spelling import Spelling
from kb.synonyms import Meaning

# What the score is a weighted sum of.
ORDERING = ("asked", "second", "said", "mean", "coverage", "lexical", "elsewhere")
MEASURES = ("asked", "second", "said", "mean", "coverage", "unmatched")  # what says whether a document fits
SATURATION, LENGTH = 1.2, 0.9  # BM25's k1 and b
# What a word of the same meaning counts, and what the other wording's cosines lose: the exact word still wins.
ANOTHER_WORD = 0.8
ANOTHER_WORDING = 0.02
LONGEST = 500  # characters of a question that are read


@dataclass(frozen=True, slots=True)
class Text:
    """What is indexed of one document: its name, the ways to ask for it, and what it says, piece by piece.

    `not_answered`: what is asked near it that no document answers.
    """

    id: str
    title: str = ""
    questions: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    not_answered: tuple[str, ...] = ()

    def asked(self) -> list[str]:
        """Return the ways to ask: the title and the questions."""
        return [each for each in (self.title, *self.questions) if each]

    def sentences(self) -> list[str]:
        """Return every text with a vector of its own: ways to ask, passages under the title, what is not answered."""
        said = [f"{self.title} {passage}".strip() for passage in self.passages]
        return [*self.asked(), *said, *self.not_answered]


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
    `refused`: cosine to the nearest of what is not answered; -1 where nothing is named. Orders nothing.
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
    places: frozenset[str]
    meant: Meaning


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
        asked = [[normalise(each) for each in text.asked()] for text in texts]
        said = [[normalise(each) for each in text.passages] for text in texts]
        self._plain = [" ".join((*ways, *passages)) for ways, passages in zip(asked, said, strict=True)]
        self._mean = sum(map(len, self._plain)) / max(1, len(texts))
        self._places = [words.places(plain) for plain in self._plain]
        self._held = Counter(word for plain in self._plain for word in set(segment(plain)))
        self._spelling = Spelling(self._held, len(texts))
        self._vectors = (vectorise or encoder.encode)([each for text in texts for each in text.sentences()])
        self._starts = np.cumsum([0, *(len(text.sentences()) for text in texts)])
        owners = [number for number, text in enumerate(texts) for _ in text.sentences()]
        self._candidates = Candidates(asked, said, self._vectors, owners, made_by=encoder.fingerprint)

    def __len__(self) -> int:
        return len(self._texts)

    def search(self, query: str, limit: int) -> list[Found]:
        """Return up to `limit` documents, best first; `query` is read to its `LONGEST`th character."""
        plain = normalise(query[: 2 * LONGEST])[:LONGEST]
        if not self._texts or not plain:
            return []
        wanted = self._wanted(Query(*self._spelling.correct(plain)))
        proposed = self._candidates.by_meaning(wanted.vectors, made_by=self._encoder.fingerprint)
        proposed |= self._candidates.by_words(
            dict.fromkeys(words.pairs(wanted.meant.other), ANOTHER_WORD) | dict.fromkeys(wanted.pairs, 1.0)
        )
        found = [self._measure(number, wanted) for number in proposed]
        found.sort(key=lambda each: (-each.score, each.id))
        return reranking.reordered(wanted.query.text, found, self._best_passage)[:limit]

    def _wanted(self, query: Query) -> _Wanted:
        meant = synonyms.meaning(query.text)
        counts = Counter(words.pairs(query.text))
        rarity = {
            word: math.log((len(self._texts) + 1) / (self._held[word] + 0.5)) for word in words.content(query.text)
        }
        return _Wanted(
            query=query,
            vectors=self._encoder.encode([query.text, *filter(None, [meant.other])]),
            words=rarity,
            pairs={pair: count * self._candidates.rarity(pair) for pair, count in counts.items()},
            places=words.places(query.text),
            meant=meant,
        )

    def _measure(self, number: int, wanted: _Wanted) -> Found:
        text, plain = self._texts[number], self._plain[number]
        every = self._vectors[self._starts[number] : self._starts[number + 1]] @ wanted.vectors.T
        every[:, 1:] -= ANOTHER_WORDING
        cosines = every.max(axis=1).tolist()
        ways, passages = len(text.asked()), len(text.passages)
        asked, said = sorted(cosines[:ways], reverse=True), cosines[ways : ways + passages]
        coverage = _coverage(wanted, plain)
        measures = {
            "asked": asked[0] if asked else 0.0,
            "second": asked[min(1, ways - 1)] if asked else 0.0,
            "said": max(said, default=0.0),
            "mean": sum(said) / len(said) if said else 0.0,
            "coverage": coverage,
            "lexical": self._lexical(wanted.pairs, plain),
            "elsewhere": float(bool(wanted.places and self._places[number]) and not _names(plain, wanted.places)),
        }
        return Found(
            id=text.id,
            score=sum(self._order[name] * measure for name, measure in measures.items()),
            refused=max(cosines[ways + passages :], default=-1.0),
            unmatched=(1 - coverage) / max(1, len(wanted.words)),
            passages=tuple(said),
            query=wanted.query,
            **measures,
        )

    def _lexical(self, pairs: Mapping[str, float], plain: str) -> float:
        damping = SATURATION * (1 - LENGTH + LENGTH * len(plain) / self._mean)
        held = ((weight, plain.count(pair)) for pair, weight in pairs.items())
        return sum(weight * count / (count + damping) for weight, count in held) / (sum(pairs.values()) or 1.0)

    def _best_passage(self, found: Found) -> str:
        text = next(each for each in self._texts if each.id == found.id)
        best = text.passages[int(np.argmax(found.passages))] if found.passages else ""
        return f"{text.title} {best}".strip()


def _coverage(wanted: _Wanted, plain: str) -> float:
    held = 0.0
    for word, weight in wanted.words.items():
        if word in plain:
            held += weight
        elif any(other in plain for other in wanted.meant.words.get(word, ())):
            held += ANOTHER_WORD * weight
    return held / (sum(wanted.words.values()) or 1.0)


def _names(plain: str, places: frozenset[str]) -> bool:
    return any(place in plain for place in places)

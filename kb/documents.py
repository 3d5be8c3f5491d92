"""What is searched: texts, each as it is measured, and those of them that are held in memory."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np

from core.text.encode import Vectors
from core.text.normalise import normalise
from core.text.segment import words as segment
from core.text.vectors import Vectorise
from kb import words
from kb.candidates import Candidates

ASKED_COUNTS = 2  # times that what stands in title and questions is indexed


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
class Document:
    """A text as it is measured: normalised, with a vector for each of `Text.sentences`."""

    id: str
    ways: int  # of the vectors the first so many are of ways to ask, the next `said` of passages
    said: int
    plain: str
    places: frozenset[str]
    vectors: Vectors
    read: Callable[[], Text]


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document and what indexes hold of it: its terms as often as they count, and its words."""

    document: Document
    terms: tuple[str, ...]
    words: frozenset[str]


class Part(Protocol):
    """Documents, numbered from 0, that are searched together."""

    candidates: Candidates
    characters: int  # of all documents

    @property
    def held(self) -> Mapping[str, int]:
        """How many of the documents hold a word."""
        ...

    def __len__(self) -> int: ...

    def document(self, number: int) -> Document:
        """Return one of the documents."""
        ...


class Fresh:
    """A part in memory. Immutable: where a document changes, another is made, of the same analysed documents."""

    def __init__(self, analysed: Sequence[Analysed], *, dimension: int) -> None:
        """Index the documents; `dimension`: of their vectors."""
        self._documents = [each.document for each in analysed]
        self.held: Mapping[str, int] = Counter(word for each in analysed for word in each.words)
        self.characters = sum(len(each.plain) for each in self._documents)
        vectors = [np.zeros((0, dimension), dtype=np.float32), *(each.vectors for each in self._documents)]
        owners = np.repeat(np.arange(len(analysed)), [len(each) for each in vectors[1:]])
        self.candidates = Candidates.of([each.terms for each in analysed], np.concatenate(vectors), owners)

    def __len__(self) -> int:
        return len(self._documents)

    def document(self, number: int) -> Document:
        """Return one of the documents."""
        return self._documents[number]


def analyse(texts: Sequence[Text], vectorise: Vectorise) -> list[Analysed]:
    """Return what is measured and indexed of each text."""
    vectors = vectorise([sentence for text in texts for sentence in text.sentences()])
    ends = accumulate(len(text.sentences()) for text in texts)
    starts = pairwise([0, *ends])
    return [_analysed(text, vectors[start:end]) for text, (start, end) in zip(texts, starts, strict=True)]


def _analysed(text: Text, vectors: Vectors) -> Analysed:
    asked, said = [normalise(each) for each in text.asked()], [normalise(each) for each in text.passages]
    plain = " ".join((*asked, *said))
    terms = [term for way in asked for term in words.terms(way)] * ASKED_COUNTS
    terms += [term for passage in said for term in words.terms(passage)]
    document = Document(text.id, len(asked), len(said), plain, words.places(plain), vectors, lambda: text)
    return Analysed(document, tuple(terms), frozenset(segment(plain)))

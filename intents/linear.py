"""A linear model of labelled texts: what a city's own history teaches.

Character 1- and 2-grams of the whole text and, once more, of its head (a letter's title or first words say what it is
about) stand beside the sentence encoder's vector in one linear support vector machine: the grams know the jargon, the
encoder what was said in other words. Where the shipped classifier reads the texts too, its opinion of them (`taught`)
is a fourth block: little history is then read with what the category tree already teaches. Grams are hashed, so that
the stored model holds no words of anybody.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors, encoder
from intents import lexical
from intents.reading import pieces

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Measured over five folds of 2,577 letters in seven classes (docs/understanding.md): macro-F1 0.888 with the grams of
# the whole alone, 0.893 with the head's, 0.900 with the encoder, 0.906 with the category tree's opinion too. Heads of
# 24 to 48 characters and loudness of 0.5 to 0.7 differ by less than 0.005.
HEAD = 30  # characters
HEAD_LOUDNESS = 0.6
VECTOR_LOUDNESS = 0.5
# The tree's opinion is loud where there is little history: at 50 letters 1 was best (0.72 against 0.64 at 0.3), at 500
# 0.5, at 2,000 0.3 (0.897 against 0.890 at 1).
TAUGHT_LOUDNESS = 10.0  # divided by the root of the number of texts, at most 1
LENGTHS = (1, 2)
SLOTS = 1 << 20
LONGEST = 4000  # characters read of one text
PIECES = 4  # pieces of a letter that are encoded: the first three and the last
MANY = 100  # texts, from which on a gram must occur in two of them
Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]


def encode(plain: Sequence[str]) -> Vectors:
    """Return one vector a normalised text, shape (texts, dimension): the mean of its pieces, of length one."""
    cut = [parts if len(parts) <= PIECES else (*parts[: PIECES - 1], parts[-1]) for parts in map(pieces, plain)]
    vectors = encoder().encode([part for parts in cut for part in parts])
    owners = np.repeat(np.arange(len(cut)), [len(parts) for parts in cut])
    sums = np.zeros((len(cut), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, owners, vectors)
    unit: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return unit


class LinearModel:
    """A fitted model; immutable, plain arrays, no text in it."""

    def __init__(self, arrays: Arrays) -> None:
        """Take what `arrays()` of another model returned."""
        self._arrays = {name: np.asarray(value) for name, value in arrays.items()}
        self.classes: tuple[str, ...] = tuple(str(each) for each in self._arrays["classes"])
        self._blocks = [_Grams(self._arrays, "body", LONGEST, 1.0), _Grams(self._arrays, "head", HEAD, HEAD_LOUDNESS)]

    @classmethod
    def fit(
        cls, plain: Sequence[str], vectors: Vectors, labels: Sequence[str], *, taught: Floats | None = None
    ) -> Self:
        """Learn from normalised texts, their vectors (`encode`) and labels, of which there must be two or more.

        `taught`: what another model says of the texts, shape (texts, any), values up to 1; then `scores` needs it too.
        """
        from scipy.sparse import csr_matrix, hstack
        from sklearn.svm import LinearSVC

        arrays: dict[str, NDArray[Any]] = {
            "centre": vectors.mean(axis=0),
            "spread": np.maximum(vectors.std(axis=0), 1e-6),
            "classes": np.array(sorted(set(labels))),
            "taught_loudness": np.array(min(1.0, TAUGHT_LOUDNESS / np.sqrt(len(plain)))),
        }
        columns = []
        for name, length in (("body", LONGEST), ("head", HEAD)):
            counted = lexical.matrix([text[:length] for text in plain], lengths=LENGTHS, slots=SLOTS)
            seen = np.bincount(counted.indices, minlength=SLOTS)
            kept = np.flatnonzero(seen >= (2 if len(plain) >= MANY else 1))
            arrays[f"{name}_slots"] = kept.astype(np.int32)
            arrays[f"{name}_idf"] = (np.log((1 + len(plain)) / (1 + seen[kept])) + 1).astype(np.float32)
            columns.append(_Grams(arrays, name, length, HEAD_LOUDNESS if name == "head" else 1.0).weigh(counted))
        columns.append(csr_matrix(_dense(arrays, vectors, taught)))
        machine = LinearSVC(C=1.0, random_state=0).fit(hstack(columns).tocsr(), labels)
        weights, border = machine.coef_, machine.intercept_
        if len(arrays["classes"]) == 2:  # one border tells two classes apart
            weights, border = np.vstack([-weights, weights]), np.concatenate([-border, border])
        arrays["weights"] = np.ascontiguousarray(weights.T, dtype=np.float16)
        arrays["border"] = border.astype(np.float32)
        return cls(arrays)

    def arrays(self) -> Arrays:
        """Return everything the model consists of."""
        return self._arrays

    def scores(self, plain: Sequence[str], vectors: Vectors, *, taught: Floats | None = None) -> Floats:
        """Return the distance of each text to the border of each class, shape (texts, classes); the largest wins."""
        weights, start = self._arrays["weights"], 0
        made = np.tile(self._arrays["border"], (len(plain), 1)).astype(np.float32)
        for block in self._blocks:
            for row, text in enumerate(plain):
                columns, values = block.read(text)
                made[row] += values @ weights[start + columns].astype(np.float32)
            start += block.width
        made += _dense(self._arrays, vectors, taught) @ weights[start:].astype(np.float32)
        return made

    def predict(self, plain: Sequence[str], vectors: Vectors, *, taught: Floats | None = None) -> list[str]:
        """Return the class of each normalised text."""
        return [self.classes[row] for row in self.scores(plain, vectors, taught=taught).argmax(axis=1)]

    def weighty(self, plain: str, label: str, count: int) -> tuple[str, ...]:
        """Return the up to `count` pieces of a normalised text that speak most for a class, in the text's order."""
        weights = self._arrays["weights"][:, self.classes.index(label)].astype(np.float32)
        speaks = np.zeros(min(len(plain), LONGEST))
        start = 0
        for block in self._blocks:
            speaks[: block.length] += block.spoken(plain[: len(speaks)], weights[start : start + block.width])
            start += block.width
        return _runs(plain, speaks, count)


class _Grams:
    """One block of columns: the weighed grams of a text's first `length` characters."""

    def __init__(self, arrays: Arrays, name: str, length: int, loudness: float) -> None:
        self._slots, self._idf = arrays[f"{name}_slots"], arrays[f"{name}_idf"]
        self.length, self._loudness = length, loudness

    @property
    def width(self) -> int:
        return len(self._slots)

    def weigh(self, counted: "csr_matrix") -> "csr_matrix":
        """Return the block for many texts from their damped counts."""
        from scipy.sparse import diags

        weighed = counted[:, self._slots].multiply(self._idf[None, :]).tocsr()
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        return diags(self._loudness / np.maximum(lengths, 1e-12)) @ weighed

    def read(self, plain: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the columns of one text and their values."""
        found = lexical.counts(plain[: self.length], lengths=LENGTHS, slots=SLOTS)
        slots = np.fromiter(found, dtype=np.int32, count=len(found))
        columns = np.minimum(np.searchsorted(self._slots, slots), max(self.width - 1, 0))
        known = self._slots[columns] == slots if self.width else np.zeros(len(slots), dtype=bool)
        damped = 1 + np.log(np.fromiter(found.values(), dtype=np.float32, count=len(found)))
        columns = columns[known]
        values = damped[known] * self._idf[columns]
        return columns, (self._loudness * values / max(float(np.linalg.norm(values)), 1e-12)).astype(np.float32)

    def spoken(self, plain: str, weights: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how much each character of a text's beginning says for the class with these weights."""
        plain = plain[: self.length]
        columns, values = self.read(plain)
        says = {
            int(self._slots[column]): value * weights[column] for column, value in zip(columns, values, strict=True)
        }
        spoken = np.zeros(len(plain))
        for length, found in lexical.grams(plain, lengths=LENGTHS, slots=SLOTS).items():
            for place, slot in enumerate(found):
                spoken[place : place + length] += says.get(slot, 0.0) / length
        return spoken


def _dense(arrays: Arrays, vectors: Vectors, taught: Floats | None) -> Floats:
    """Return the columns that every text has: the encoder's, centred, and the other model's opinion."""
    scale = VECTOR_LOUDNESS / np.sqrt(vectors.shape[1])
    made = (vectors - arrays["centre"]) / arrays["spread"] * scale
    blocks = [made] if taught is None else [made, float(arrays["taught_loudness"]) * taught]
    return np.hstack(blocks).astype(np.float32)


def _runs(plain: str, speaks: NDArray[np.float64], count: int) -> tuple[str, ...]:
    """Return the weightiest runs of characters that all speak for the class, two characters or more each."""
    runs: list[tuple[float, int, int]] = []
    start = 0
    least = speaks.max(initial=0.0) / 4
    for place in range(len(speaks) + 1):
        if place < len(speaks) and speaks[place] > least and plain[place].isalnum():
            continue
        if place - start > 1:
            runs.append((float(speaks[start:place].sum()), start, place))
        start = place + 1
    best = sorted(sorted(runs, reverse=True)[:count], key=lambda run: run[1])
    return tuple(dict.fromkeys(plain[start:end] for _, start, end in best))

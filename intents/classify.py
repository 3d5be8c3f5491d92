"""Which category a text belongs to, and how sure that is.

At the first start the city's examples are scored by profiles that have not seen them (10 folds); on those honest scores
the weights of the voices are fitted (conditional logit), then the confidence of every level is calibrated (isotonic
regression), then the border to what is no matter of the city at all (logistic regression against
`data/elsewhere.yaml`). Nothing is a number from nowhere; all of it lies in `<data>/cache`, keyed by tree and encoder.

A model that was trained on a city's own tickets (`training`) takes the place of these numbers where one is in service
and fits tree and encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from core.city import city, read_yaml
from core.errors import BadInput
from core.settings import settings
from core.text.encode import Vectors, encoder, per_encoder
from core.text.index import Neighbour, VectorIndex
from core.text.normalise import normalise
from core.text.vectors import Arrays, arrays, digest, kept
from intents import calibration, material, scoring
from intents.categories import LEVELS, Tree, tree
from intents.examples import examples_of
from intents.history import History
from intents.reading import Reading
from intents.trained import FILE, fits, unpacked
from intents.understanding import Category, RequestType
from intents.weighty import weightiest

log = structlog.get_logger()

FORMAT = 1  # raised when the arrays of the cache change their meaning
# A level is answered when it is more likely right than wrong; else the level above is tried, and at last none.
LEAST_CONFIDENCE = 0.5
ALTERNATIVES = 3
EVIDENCE = 3
WORDS = 4
ELSEWHERE = Path(__file__).parent / "data" / "elsewhere.yaml"
_PROFILES = ("centre", "whitening", "means", "directions", "idf", "words")
_CALIBRATION = ("weights", "gate", "measured", *(f"{part}{level}" for part in "xy" for level in range(1, LEVELS + 1)))


def outside() -> list[str]:
    """Return normalised sentences that are no matter of any city."""
    return [normalise(line) for line in read_yaml(ELSEWHERE)]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the classifier says of one text."""

    category: Category | None
    alternatives: tuple[Category, ...] = ()
    nearest: tuple[str, ...] = ()  # examples of the city, nearest first
    words: tuple[str, ...] = ()  # of the text, that spoke most for the category
    closest: float | None = None  # cosine of the text to the nearest example


@dataclass(frozen=True, slots=True)
class Level:
    """The codes of one level, and for each text (row) their raw probability and their calibrated confidence."""

    codes: list[str]
    raw: NDArray[np.float64]
    sure: NDArray[np.float64]

    def confidence(self, row: int, code: str) -> float:
        """Return how sure it is that a text belongs to a code of this level, 0 to 1."""
        return float(self.sure[row, self.codes.index(code)])

    def best(self, row: int, count: int) -> list[tuple[str, float]]:
        """Return the `count` likeliest codes of a text and their confidence, best first."""
        ranked = np.argsort(-self.raw[row])[:count]
        return [(self.codes[column], float(self.sure[row, column])) for column in ranked]


class Classifier:
    """The category tree ready to be asked; immutable.

    `trained`: what `training.train` made for this tree and this encoder, in place of what the examples alone teach.
    """

    def __init__(self, known: Tree, trained: Arrays | None = None) -> None:
        self.tree = known
        self.leaves = known.leaves()
        self.examples = examples_of(known)
        used = encoder()
        self.vectors = kept("examples", used)(self.examples.plain)
        self.index = VectorIndex(range(len(self.vectors)), self.vectors, fingerprint=used.fingerprint)
        codes = [leaf.code for leaf in self.leaves]
        self._above = [calibration.roll_up(codes, level) for level in range(1, LEVELS + 1)]
        made = self._from_examples() if trained is None else trained
        self._profiles = scoring.Profiles(**{name: made[name].astype(np.float32) for name in _PROFILES})
        self._made: dict[str, NDArray[Any]] = {name: made[name] for name in _CALIBRATION}
        self._history = History(made, codes) if "history_classes" in made else None

    def _from_examples(self) -> Arrays:
        """Return what the city's own examples teach, from the cache where it lies there."""
        used, elsewhere = encoder(), outside()
        codes = [leaf.code for leaf in self.leaves]

        def make() -> Arrays:
            known = material.of_examples(self.examples, self.vectors)
            return calibration.build(known, codes, elsewhere, used.encode(elsewhere))

        key = digest(FORMAT, used.fingerprint, self.examples.shown, elsewhere, codes)
        return arrays("categories", key, make, needs=_PROFILES + _CALIBRATION)

    def _leaves(self, plain: Sequence[str], vectors: Vectors) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return the voices, shape (texts, leaves, voices), and the probability of each leaf, (texts, leaves)."""
        scores = scoring.score(self._profiles, plain, vectors)
        if self._history is not None:
            scores = np.concatenate([scores, self._history.scores(plain, vectors)[:, :, None]], axis=2)
        return scores, calibration.softmax(scores @ self._made["weights"])

    def opinion(self, plain: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
        """Return what the tree says of normalised texts, for a model that learns from history (`linear`).

        The roots of the probabilities of the first and of the second level, side by side: each level's have length one.
        """
        _, leaf = self._leaves(plain, vectors)
        return np.hstack([np.sqrt(leaf @ matrix) for _, matrix in self._above[:2]]).astype(np.float32)

    def confidences(self, readings: Sequence[Reading]) -> list[Level]:
        """Return the calibrated confidence of every code, first level to third."""
        return self._levels(readings, self.near(readings, 1))

    def near(self, readings: Sequence[Reading], count: int) -> list[list[Neighbour[int]]]:
        """Return the `count` nearest examples of each reading, nearest first; keys are rows of `examples`."""
        vectors = np.stack([reading.vector for reading in readings])
        return self.index.search(vectors, count, made_by=readings[0].made_by)

    def _levels(self, readings: Sequence[Reading], near: Sequence[Sequence[Neighbour[int]]]) -> list[Level]:
        vectors = np.stack([reading.vector for reading in readings])
        scores, leaf = self._leaves([reading.plain for reading in readings], vectors)
        close = scoring.closeness(near, scores)
        inside = calibration.inside(self._made["gate"], close)[:, None]
        levels = []
        for level, (codes, matrix) in enumerate(self._above, 1):
            raw = leaf @ matrix
            levels.append(Level(codes, raw, np.interp(raw, self._made[f"x{level}"], self._made[f"y{level}"]) * inside))
        return levels

    def category(self, code: str, confidence: float) -> Category:
        """Return the category `code` as an understanding carries it."""
        return Category(code=code, path=self.tree[code].path, confidence=round(min(max(confidence, 0.0), 1.0), 4))

    def classify(self, readings: Sequence[Reading]) -> list[Judgement]:
        """Return of each reading the category (a leaf, or the level above where the leaf is not clear) or None.

        With it the next best leaves and the nearest examples as a city wrote them.
        """
        if not readings:
            return []
        near = self.near(readings, EVIDENCE)
        levels = self._levels(readings, near)
        judged = []
        for row in range(len(readings)):
            first = ((level.codes[level.raw[row].argmax()], level) for level in reversed(levels))
            sure = ((code, level.confidence(row, code)) for code, level in first)
            chosen = next((found for found in sure if found[1] >= LEAST_CONFIDENCE), None)
            others = [found for found in levels[-1].best(row, ALTERNATIVES + 1) if not chosen or found[0] != chosen[0]]
            judged.append(
                Judgement(
                    category=self.category(*chosen) if chosen else None,
                    alternatives=tuple(self.category(*each) for each in others[:ALTERNATIVES]),
                    nearest=tuple(self.examples.shown[neighbour.key] for neighbour in near[row]),
                    words=self.words(readings[row].plain, chosen[0]) if chosen else (),
                    closest=near[row][0].cosine,
                )
            )
        return judged

    def usual_types(self, readings: Sequence[Reading]) -> list[dict[RequestType, float]]:
        """Return how probable it is that the category of each reading is one usually of this request type.

        The probabilities of the leaves, summed over the leaves of each type.
        """
        _, leaf = self._leaves([each.plain for each in readings], np.stack([each.vector for each in readings]))
        types = [each.request_type for each in self.leaves]
        return [
            {
                kind: float(row[[column for column, each in enumerate(types) if each is kind]].sum())
                for kind in RequestType
            }
            for row in leaf
        ]

    def words(self, plain: str, code: str) -> tuple[str, ...]:
        """Return the words of a normalised text that speak most for a category, in the order of the text."""
        if self._history is not None and self._history.knows(code):
            return self._history.weighty(plain, code, WORDS)
        codes, matrix = self._above[self.tree[code].level - 1]
        below = np.flatnonzero(matrix[:, codes.index(code)])
        return weightiest(plain, self._profiles, below, WORDS)

    def measured(self) -> dict[str, float]:
        """Return what the held-out examples showed when the classifier was built (10 folds)."""
        return {
            name: round(float(value), 4)
            for name, value in zip(calibration.MEASURED, self._made["measured"], strict=True)
        }


_serving: Path | None = None


@per_encoder
def _classifier(_folder: Path, _data: Path, trained: Path | None) -> Classifier:
    return Classifier(tree(), stored(trained) if trained else None)


def stored(folder: Path) -> Arrays | None:
    """Return the trained model in a folder of `core.versions`, or None, with a warning, where it cannot be used.

    One made from another tree or by another encoder does not fit; a broken file is none.
    """
    try:
        made = unpacked((folder / FILE).read_bytes())
    except (OSError, BadInput) as error:
        log.error("categories.unreadable", folder=folder.name, error=type(error).__name__)
        return None
    if fits(made, tree()) and set(_PROFILES + _CALIBRATION) <= made.keys():
        return made
    log.warning("categories.do_not_fit", folder=folder.name)
    return None


def classifier() -> Classifier:
    """Return the classifier for the city and the encoder in use, built or read from the cache at the first call."""
    return _classifier(city().folder, settings().data, _serving)


def put_in_service(trained: Path | None) -> None:
    """Let this process classify with the trained model in a folder, or with the shipped one (None).

    It is built before the one in service goes, which takes a second: call it in a thread.
    """
    global _serving
    _classifier(city().folder, settings().data, trained)
    _serving = trained
    log.info("categories.in_service", trained=trained.name if trained else None)

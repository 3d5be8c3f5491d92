"""Which category a text belongs to, and how sure that is.

At the first start the city's examples are scored by profiles that have not seen them (10 folds); on those honest scores
the weights of the voices are fitted (conditional logit), then the confidence of every level is calibrated (isotonic
regression), then the border to what is no matter of the city at all (logistic regression against
`data/elsewhere.yaml`). Nothing is a number from nowhere; all of it lies in `<data>/cache`, keyed by tree and encoder.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.city import city, read_yaml
from core.settings import settings
from core.text.encode import Vectors, encoder, per_encoder, pinned
from core.text.index import VectorIndex
from core.text.normalise import normalise
from core.text.vectors import Arrays, arrays, digest, kept
from intents import calibration, scoring
from intents.categories import LEVELS, Tree, tree
from intents.examples import examples_of
from intents.reading import Reading
from intents.understanding import Category

FORMAT = 1  # raised when the arrays of the cache change their meaning
# A level is answered when it is more likely right than wrong; else the level above is tried, and at last none.
LEAST_CONFIDENCE = 0.5
ALTERNATIVES = 3
ELSEWHERE = Path(__file__).parent / "data" / "elsewhere.yaml"
_PROFILES = ("centre", "whitening", "means", "directions", "idf", "words")
_CALIBRATION = ("weights", "gate", "measured", *(f"{part}{level}" for part in "xy" for level in range(1, LEVELS + 1)))


class Classifier:
    """The category tree ready to be asked; immutable."""

    def __init__(self, known: Tree) -> None:
        self.tree = known
        self.leaves = known.leaves()
        self.examples = examples_of(known)
        used = encoder()
        elsewhere = [normalise(line) for line in read_yaml(ELSEWHERE)]
        key = digest(FORMAT, used.fingerprint, self.examples.shown, elsewhere, [leaf.code for leaf in self.leaves])
        self.vectors = kept("examples", used)(self.examples.plain)
        self.index = VectorIndex(range(len(self.vectors)), self.vectors, fingerprint=used.fingerprint)
        self._above = [
            calibration.roll_up([leaf.code for leaf in self.leaves], level) for level in range(1, LEVELS + 1)
        ]

        def make() -> Arrays:
            return calibration.build(self.examples, self.vectors, self._above, elsewhere, used.encode(elsewhere))

        made = arrays("categories", key, make, needs=_PROFILES + _CALIBRATION)
        self._profiles = scoring.Profiles(**{name: made[name] for name in _PROFILES})
        self._made: dict[str, NDArray[Any]] = {name: made[name] for name in _CALIBRATION}

    def opinion(self, plain: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
        """Return what the tree says of normalised texts, for a model that learns from history (`linear`).

        The roots of the probabilities of the first and of the second level, side by side: each level's have length one.
        """
        scores = scoring.score(self._profiles, plain, vectors)
        leaf = calibration.softmax(scores @ self._made["weights"])
        return np.hstack([np.sqrt(leaf @ matrix) for _, matrix in self._above[:2]]).astype(np.float32)

    def probabilities(self, reading: Reading) -> list[list[tuple[str, float]]]:
        """Return for each level, first to third, every code with its calibrated confidence, best first."""
        scores = scoring.score(self._profiles, [reading.plain], reading.row)
        leaf = calibration.softmax(scores @ self._made["weights"])
        close = scoring.closeness(self.index, reading.row, scores, made_by=reading.made_by)
        inside = float(calibration.inside(self._made["gate"], close)[0])
        levels = []
        for level, (codes, matrix) in enumerate(self._above, 1):
            raw = (leaf @ matrix)[0]
            sure = np.interp(raw, self._made[f"x{level}"], self._made[f"y{level}"]) * inside
            levels.append([(codes[row], float(sure[row])) for row in np.argsort(-raw)])
        return levels

    def category(self, code: str, confidence: float) -> Category:
        """Return the category `code` as an understanding carries it."""
        return Category(code=code, path=self.tree[code].path, confidence=round(min(max(confidence, 0.0), 1.0), 4))

    def classify(self, reading: Reading) -> tuple[Category | None, tuple[Category, ...]]:
        """Return the category (a leaf, or the level above where the leaf is not clear, or None) and the next best."""
        levels = self.probabilities(reading)
        chosen = next((ranked[0] for ranked in reversed(levels) if ranked[0][1] >= LEAST_CONFIDENCE), None)
        best = [self.category(*each) for each in levels[-1][: ALTERNATIVES + 1] if not chosen or each[0] != chosen[0]]
        return (self.category(*chosen) if chosen else None), tuple(best[:ALTERNATIVES])

    def nearest(self, reading: Reading, count: int) -> tuple[str, ...]:
        """Return the nearest examples as a city wrote them."""
        found = self.index.search(reading.row, count, made_by=reading.made_by)[0]
        return tuple(self.examples.shown[neighbour.key] for neighbour in found)

    def measured(self) -> dict[str, float]:
        """Return what the held-out examples showed when the classifier was built (10 folds)."""
        return {
            name: round(float(value), 4)
            for name, value in zip(calibration.MEASURED, self._made["measured"], strict=True)
        }


@per_encoder
def _classifier(_folder: Path, _data: Path) -> Classifier:
    return Classifier(tree())


def classifier() -> Classifier:
    """Return the classifier for the city and the encoder in use, built or read from the cache at the first call."""
    return _classifier(city().folder, settings().data)

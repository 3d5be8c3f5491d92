"""The numbers that the classifier weighs by, measured on the city's own examples at build time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors
from core.text.index import VectorIndex
from core.text.vectors import Arrays
from intents import lexical, scoring
from intents.examples import Examples

FOLDS = 10
# Share of messages that are no matter of the city (greetings, chat, noise). A guess until a city counts its own; it
# moves the border only a little: of 86 lines 53 stay outside at 0.03, 74 at 0.2, 79 at 0.5, while 99.7, 98.5 and 94.9 %
# of the examples stay inside.
OUTSIDE = 0.2
MEASURED = (
    "level1_accuracy",
    "level2_accuracy",
    "level3_accuracy",
    "top5_accuracy",
    "calibration_error",
    "elsewhere_kept_out",
    "inside_kept_in",
)
Floats = NDArray[np.float64]
RollUp = tuple[list[str], Floats]


def softmax(scores: NDArray[np.floating]) -> Floats:
    """Return probabilities over the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True), dtype=np.float64)
    made: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return made


def roll_up(leaves: Sequence[str], level: int) -> RollUp:
    """Return the codes of a level, and the matrix (leaves, codes) that sums leaf probabilities to them."""
    above = [".".join(code.split(".")[:level]) for code in leaves]
    codes = list(dict.fromkeys(above))
    matrix = np.zeros((len(leaves), len(codes)))
    matrix[np.arange(len(leaves)), [codes.index(code) for code in above]] = 1
    return codes, matrix


def inside(gate: Floats, closeness: NDArray[np.float32]) -> Floats:
    """Return how likely each text is a matter of the city at all: a logistic map of `scoring.closeness`."""
    made: Floats = 1 / (1 + np.exp(-(closeness @ gate[:2] + gate[2])))
    return made


def _folds(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Deal each category's examples over the folds, always the same way."""
    fold = np.zeros(len(labels), dtype=np.intp)
    dealer = np.random.default_rng(0)
    for label in np.unique(labels):
        rows = dealer.permutation(np.flatnonzero(labels == label))
        fold[rows] = np.arange(len(rows)) % FOLDS
    return fold


def _held_out(examples: Examples, vectors: Vectors, classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scores and closeness of every spoken example by profiles that have not seen it."""
    spoken = np.arange(examples.spoken)
    fold = np.full(len(vectors), -1)
    fold[spoken] = _folds(examples.labels[spoken])
    scores = np.zeros((examples.spoken, classes, len(scoring.VOICES)), dtype=np.float32)
    close = np.zeros((examples.spoken, 2), dtype=np.float32)
    counted = lexical.matrix(examples.plain)
    for number in range(FOLDS):
        kept, left = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        labels = examples.labels[kept]
        profiles = scoring.fit(counted[kept], vectors[kept], labels, classes)
        index = VectorIndex(range(len(kept)), vectors[kept], fingerprint="")
        scores[left] = scoring.score(profiles, [examples.plain[row] for row in left], vectors[left])
        close[left] = scoring.closeness(index, vectors[left], scores[left], made_by="")
    return scores, close


def _weights(scores: NDArray[np.float32], labels: NDArray[np.intp]) -> Floats:
    """Fit the voices' weights by conditional logit (maximum likelihood, a whisper of ridge)."""
    from scipy.optimize import minimize

    scale = scores.std(axis=(0, 1))
    scaled = (scores / scale).astype(np.float64)
    right = scaled[np.arange(len(labels)), labels]

    def loss(weights: Floats) -> tuple[float, Floats]:
        chance = softmax(scaled @ weights)
        slope = np.einsum("nk,nkf->f", chance, scaled) / len(labels) - right.mean(axis=0) + 2e-4 * weights
        likelihood = np.log(chance[np.arange(len(labels)), labels] + 1e-300).mean()
        return float(-likelihood + 1e-4 * weights @ weights), slope

    made: Floats = minimize(loss, np.ones(len(scoring.VOICES)), jac=True, method="L-BFGS-B").x / scale
    return made


def _gate(within: NDArray[np.float32], outside: NDArray[np.float32]) -> Floats:
    """Fit the border between matters of the city and everything else, from the closeness of both."""
    from sklearn.linear_model import LogisticRegression

    weight = len(within) / len(outside) * OUTSIDE / (1 - OUTSIDE)
    fitted = LogisticRegression(C=100.0, class_weight={0: weight, 1: 1.0})
    fitted.fit(np.concatenate([within, outside]), np.arange(len(within) + len(outside)) < len(within))
    return np.array([*fitted.coef_[0], fitted.intercept_[0]])


def _error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten equal bins."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean()
            for each in np.unique(bins)
        )
    )


def build(
    examples: Examples,
    vectors: Vectors,
    above: Sequence[RollUp],
    elsewhere: Sequence[str],
    elsewhere_vectors: Vectors,
) -> Arrays:
    """Return everything the classifier weighs by: profiles, weights, calibration of each level, border, figures."""
    from sklearn.isotonic import IsotonicRegression

    leaves = above[-1][1].shape[0]
    labels = examples.labels[: examples.spoken]
    scores, close = _held_out(examples, vectors, leaves)
    weights = _weights(scores, labels)
    chance = softmax(scores @ weights)
    made: dict[str, Floats] = {"weights": weights}
    accuracies = []
    for level, (_, matrix) in enumerate(above, 1):
        raw = chance @ matrix
        right = raw.argmax(axis=1) == matrix[labels].argmax(axis=1)
        fitted = IsotonicRegression(y_min=0.01, y_max=0.99, out_of_bounds="clip").fit(raw.max(axis=1), right)
        made[f"x{level}"], made[f"y{level}"] = fitted.X_thresholds_, fitted.y_thresholds_
        accuracies.append(right.mean())
    top5 = (np.argsort(-chance, axis=1)[:, :5] == labels[:, None]).any(axis=1).mean()
    # The third level's error of calibration as fitted on one half of the examples and measured on the other.
    half = np.arange(len(labels)) % 2 == 0
    honest = IsotonicRegression(y_min=0.01, y_max=0.99, out_of_bounds="clip").fit(chance.max(axis=1)[half], right[half])
    error = _error(honest.predict(chance.max(axis=1)[~half]), right[~half])
    profiles = scoring.fit(lexical.matrix(examples.plain), vectors, examples.labels, leaves)
    index = VectorIndex(range(len(vectors)), vectors, fingerprint="")
    scores = scoring.score(profiles, elsewhere, elsewhere_vectors)
    outside = scoring.closeness(index, elsewhere_vectors, scores, made_by="")
    made["gate"] = _gate(close, outside)
    kept_out, kept_in = (inside(made["gate"], outside) < 0.5).mean(), (inside(made["gate"], close) >= 0.5).mean()
    made["measured"] = np.array([*accuracies, top5, error, kept_out, kept_in])
    return {**{name: getattr(profiles, name) for name in profiles.__slots__}, **made}

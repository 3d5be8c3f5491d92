"""The numbers that the classifier weighs by, measured when it is built on the city's own examples, and tickets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors
from core.text.index import VectorIndex
from intents import history, lexical, scoring
from intents.categories import LEVELS
from intents.material import Material

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.isotonic import IsotonicRegression

FOLDS = 10
FOLDS_WITH_TICKETS = 4  # each fits the linear model anew
SEVERAL = 3  # tickets that must have a gram: one person's name or address must not be read out of the stored model
ENOUGH_TICKETS = 200  # from which on they alone say how sure the classifier is
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


def _folds(labels: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Deal each category's texts over `count` folds, always the same way."""
    fold = np.zeros(len(labels), dtype=np.intp)
    dealer = np.random.default_rng(0)
    for label in np.unique(labels):
        rows = dealer.permutation(np.flatnonzero(labels == label))
        fold[rows] = np.arange(len(rows)) % count
    return fold


def _held_out(material: Material, leaves: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scores and closeness of every text that is asked, by profiles that have not seen it."""
    asked = material.asked
    fold = np.full(len(material.plain), -1)
    folds = FOLDS_WITH_TICKETS if material.tickets else FOLDS
    fold[asked] = _folds(material.labels[asked], folds)
    of_history = history.labels_of(material.labels, material.is_ticket, leaves)
    with_history = len(set(of_history)) > 1
    voices = len(scoring.VOICES) + with_history
    scores = np.zeros((len(material.plain), len(leaves), voices), dtype=np.float32)
    close = np.zeros((len(material.plain), 2), dtype=np.float32)
    counted = lexical.matrix(material.plain)
    for number in range(folds):
        kept, left = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        vectors, texts = material.vectors[left], [material.plain[row] for row in left]
        profiles = _profiles(material, counted, kept, len(leaves))
        scores[left, :, : len(scoring.VOICES)] = scoring.score(profiles, texts, vectors)
        if with_history:
            known = [material.plain[row] for row in kept], material.vectors[kept], [of_history[row] for row in kept]
            scores[left, :, -1] = history.History.fit(*known, leaves).scores(texts, vectors)
        close[left] = scoring.closeness(_of_examples(material, kept).search(vectors, 1, made_by=""), scores[left])
    return scores[asked], close[asked]


def _profiles(material: Material, counted: "csr_matrix", rows: NDArray[np.intp], leaves: int) -> scoring.Profiles:
    """Return the profiles of these rows; a ticket's grams count where `SEVERAL` tickets have them."""
    counted, is_ticket = counted[rows], material.is_ticket[rows]
    tickets_with = np.bincount(counted[is_ticket].indices, minlength=lexical.SIZE)
    of_ticket = np.repeat(is_ticket, np.diff(counted.indptr))
    counted.data[of_ticket & (tickets_with[counted.indices] < SEVERAL)] = 0
    counted.eliminate_zeros()
    return scoring.fit(counted, material.vectors[rows], material.labels[rows], leaves)


def _of_examples(material: Material, rows: NDArray[np.intp]) -> VectorIndex[int]:
    """Return an index of those rows that are no tickets: the classifier keeps no ticket to look for the nearest in."""
    kept = rows[~material.is_ticket[rows]]
    return VectorIndex(kept.tolist(), material.vectors[kept], fingerprint="")


def _weights(scores: NDArray[np.float32], labels: NDArray[np.intp]) -> Floats:
    """Fit the voices' weights, none below zero, by conditional logit (maximum likelihood, a whisper of ridge)."""
    from scipy.optimize import minimize

    scale = scores.std(axis=(0, 1))
    scaled = scores / scale
    right = scaled[np.arange(len(labels)), labels].astype(np.float64)

    def loss(weights: Floats) -> tuple[float, Floats]:
        chance = softmax(scaled @ weights.astype(np.float32))
        slope = np.einsum("nk,nkf->f", chance, scaled) / len(labels) - right.mean(axis=0) + 2e-4 * weights
        likelihood = np.log(chance[np.arange(len(labels)), labels] + 1e-300).mean()
        return float(-likelihood + 1e-4 * weights @ weights), slope

    start, bounds = np.ones(scores.shape[-1]), [(0, None)] * scores.shape[-1]
    made: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x / scale
    return made


def _gate(within: NDArray[np.float32], outside: NDArray[np.float32]) -> Floats:
    """Fit the border between matters of the city and everything else, from the closeness of both."""
    from sklearn.linear_model import LogisticRegression

    weight = len(within) / len(outside) * OUTSIDE / (1 - OUTSIDE)
    fitted = LogisticRegression(C=100.0, class_weight={0: weight, 1: 1.0})
    fitted.fit(np.concatenate([within, outside]), np.arange(len(within) + len(outside)) < len(within))
    return np.array([*fitted.coef_[0], fitted.intercept_[0]])


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten equal bins."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean()
            for each in np.unique(bins)
        )
    )


def _isotonic(confidence: Floats, right: NDArray[np.bool_]) -> "IsotonicRegression":
    from sklearn.isotonic import IsotonicRegression

    return IsotonicRegression(y_min=0.01, y_max=0.99, out_of_bounds="clip").fit(confidence, right)


def build(
    material: Material, leaves: Sequence[str], elsewhere: Sequence[str], elsewhere_vectors: Vectors
) -> dict[str, NDArray[Any]]:
    """Return everything the classifier weighs by: profiles, history, weights, calibration, border, figures.

    Confidence is calibrated on the tickets where there are enough: they, not the examples, are what comes in. The
    figures (`MEASURED`) are those of the examples, with tickets and without.
    """
    labels, asked = material.labels[material.asked], material.asked
    scores, close = _held_out(material, leaves)
    weights = _weights(scores, labels)
    chance = softmax(scores @ weights)
    spoken = asked < material.spoken
    judged = ~spoken if material.tickets >= ENOUGH_TICKETS else np.ones(len(asked), dtype=bool)
    made: dict[str, NDArray[Any]] = {"weights": weights}
    accuracies = []
    for level in range(1, LEVELS + 1):
        _, matrix = roll_up(leaves, level)
        raw = chance @ matrix
        right = raw.argmax(axis=1) == matrix[labels].argmax(axis=1)
        fitted = _isotonic(raw.max(axis=1)[judged], right[judged])
        made[f"x{level}"], made[f"y{level}"] = fitted.X_thresholds_, fitted.y_thresholds_
        accuracies.append(right[spoken].mean())
    top5 = (np.argsort(-chance, axis=1)[:, :5] == labels[:, None]).any(axis=1)[spoken].mean()
    # The third level's error of calibration as fitted on one half and measured on the other.
    half, sure = np.arange(judged.sum()) % 2 == 0, chance.max(axis=1)[judged]
    honest = _isotonic(sure[half], right[judged][half])
    error = calibration_error(honest.predict(sure[~half]), right[judged][~half])
    rows = np.arange(len(material.plain))
    profiles = _profiles(material, lexical.matrix(material.plain), rows, len(leaves))
    index = _of_examples(material, rows)
    scores = scoring.score(profiles, elsewhere, elsewhere_vectors)
    outside = scoring.closeness(index.search(elsewhere_vectors, 1, made_by=""), scores)
    made["gate"] = _gate(close, outside)
    kept_out, kept_in = inside(made["gate"], outside) < 0.5, inside(made["gate"], close[spoken]) >= 0.5
    made["measured"] = np.array([*accuracies, top5, error, kept_out.mean(), kept_in.mean()])
    of_history = history.labels_of(material.labels, material.is_ticket, leaves)
    if len(set(of_history)) > 1:
        made |= history.History.fit(material.plain, material.vectors, of_history, leaves).arrays()
    return {**{name: getattr(profiles, name) for name in profiles.__slots__}, **made}

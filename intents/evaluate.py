"""Fit this product's kind of classifier on any labelled file, as a city does with its own history, and measure it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.text.encode import Vectors
from core.text.normalise import normalise
from intents.calibration import softmax
from intents.classify import classifier
from intents.labelled import load
from intents.linear import Floats, LinearModel, encode
from intents.tuned import Progress, TunedClassifier

MARGIN = (
    0.5  # what a distance to a border is divided by, so that the linear model is about as sure as the tuned encoder
)


def features(texts: Sequence[str]) -> tuple[list[str], Vectors, Floats]:
    """Return the texts normalised, their vectors, and what the city's category tree says of them."""
    plain = [normalise(each) for each in texts]
    vectors = encode(plain)
    return plain, vectors, classifier().opinion(plain, vectors)


def evaluate(
    train: Path,
    test: Path,
    *,
    text: str = "text",
    label: str = "label",
    tune: bool = False,
    progress: Progress = lambda done, steps: None,
) -> dict[str, Any]:
    """Fit on `train`, predict `test` (JSONL; `text` and `label` name the columns) and return the figures.

    `macro_f1` and `accuracy` (0 … 1), `classes` (count), `learnt_too` (texts of `test` that `train` has as well),
    `train_seconds`, `texts_per_second` (of predicting). The encoder is that of this process.
    `tune`: an encoder tuned on `train` (extra `models`) votes beside the linear model; `progress` hears its steps.
    A label that only `test` has counts as an error of the classifier.
    Raises BadInput for a file that cannot be used, Unavailable for `tune` without the extra `models`.
    """
    from sklearn.metrics import accuracy_score, f1_score

    known, asked = load(train, text=text, label=label), load(test, text=text, label=label, fewest=1)
    classes = sorted(set(known.labels))
    if len(classes) < 2:
        raise BadInput(f"{train}: all lines have the label “{classes[0]}”; at least two labels are needed.")
    classifier()  # of the city, not of this file: it is no part of the training time
    started = time.perf_counter()
    plain, vectors, taught = features(known.texts)
    learnt = set(plain)
    fitted = LinearModel.fit(plain, vectors, known.labels, taught=taught)
    tuned = TunedClassifier(plain, known.labels, progress=progress) if tune else None
    trained = time.perf_counter()
    plain, vectors, taught = features(asked.texts)
    scores = softmax(fitted.scores(plain, vectors, taught=taught) / MARGIN)
    if tuned is not None:
        scores += tuned.probabilities(plain)
    predicted = [fitted.classes[row] for row in scores.argmax(axis=1)]
    taken = time.perf_counter() - trained
    return {
        "macro_f1": round(float(f1_score(asked.labels, predicted, average="macro")), 4),
        "accuracy": round(float(accuracy_score(asked.labels, predicted)), 4),
        "classes": len(classes),
        "learnt_too": sum(each in learnt for each in plain),
        "train_seconds": round(trained - started, 2),
        "texts_per_second": round(len(asked.texts) / max(taken, 1e-9), 1),
    }

"""Fit this product's kind of classifier on any labelled file, as a city does with its own history, and measure it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInput, Unavailable
from core.text.encode import Vectors
from core.text.normalise import normalise
from intents.classify import classifier
from intents.labelled import load
from intents.linear import Floats, LinearModel, encode


def features(texts: Sequence[str]) -> tuple[list[str], Vectors, Floats]:
    """Return the texts normalised, their vectors, and what the city's category tree says of them."""
    plain = [normalise(each) for each in texts]
    vectors = encode(plain)
    return plain, vectors, classifier().opinion(plain, vectors)


def evaluate(
    train: Path, test: Path, *, text: str = "text", label: str = "label", tune: bool = False
) -> dict[str, Any]:
    """Fit on `train`, predict `test` (JSONL; `text` and `label` name the columns) and return the figures.

    `macro_f1` and `accuracy` (0 … 1), `classes` (count), `train_seconds`, `texts_per_second` (of predicting).
    A label that only `test` has counts as an error of the classifier.
    Raises BadInput for a file that cannot be used, Unavailable for `tune` without the extra `models`.
    """
    from sklearn.metrics import accuracy_score, f1_score

    if tune:
        raise Unavailable(
            "Tuning the encoder needs the extra `models` (sentence-transformers and torch), which this release cannot "
            "drive yet; run the same command without --tune."
        )
    known, asked = load(train, text=text, label=label), load(test, text=text, label=label, fewest=1)
    classes = sorted(set(known.labels))
    if len(classes) < 2:
        raise BadInput(f"{train}: all lines have the label “{classes[0]}”; at least two labels are needed.")
    classifier()  # of the city, not of this file: it is no part of the training time
    started = time.perf_counter()
    plain, vectors, taught = features(known.texts)
    fitted = LinearModel.fit(plain, vectors, known.labels, taught=taught)
    trained = time.perf_counter()
    plain, vectors, taught = features(asked.texts)
    predicted = fitted.predict(plain, vectors, taught=taught)
    taken = time.perf_counter() - trained
    return {
        "macro_f1": round(float(f1_score(asked.labels, predicted, average="macro")), 4),
        "accuracy": round(float(accuracy_score(asked.labels, predicted)), 4),
        "classes": len(classes),
        "train_seconds": round(trained - started, 2),
        "texts_per_second": round(len(asked.texts) / max(taken, 1e-9), 1),
    }

"""Fit this product's kind of classifier on any labelled file, as a city does with its own history, and measure it.

Character 1- to 3-grams (TF-IDF) and the sentence encoder's vectors stand side by side in one linear support vector
machine: the grams know a department's jargon, the encoder what was said in other words.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import BadInput, Unavailable
from core.text.encode import Vectors, encoder
from core.text.normalise import normalise
from intents.reading import pieces

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PIECES = 4  # pieces of a letter that are encoded: the first three and the last
# How loud the encoder is beside the grams. On a fifth of a board's 2,577 letters, kept apart: macro-F1 0.903 at 0 (the
# grams alone), 0.914 at 0.3, 0.916 at 0.6, 0.889 at 1 (docs/understanding.md).
LOUDNESS = 0.5


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and their labels, line by line."""

    texts: list[str]
    labels: list[str]


def load(path: Path, *, text: str, label: str) -> Labelled:
    """Return the texts and labels of a JSONL file; `text` and `label` name its columns.

    Raises BadInput, naming file and line, where the file is missing or a line is broken or lacks a column.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text; save it as UTF-8 and try again.") from None
    made = Labelled([], [])
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise BadInput(f"{path}, line {number}: not a JSON object.") from None
        for column in (text, label):
            if not isinstance(row, dict) or column not in row:
                raise BadInput(f"{path}, line {number}: the column “{column}” is missing.")
            if not isinstance(row[column], str | int) or not str(row[column]).strip():
                raise BadInput(f"{path}, line {number}: the column “{column}” must be a text that is not empty.")
        made.texts.append(str(row[text]))
        made.labels.append(str(row[label]))
    if not made.texts:
        raise BadInput(f"{path}: there is no labelled line.")
    return made


def _encode(texts: Sequence[str]) -> Vectors:
    """Return one vector a text: the mean of its pieces."""
    cut = [parts if len(parts) <= PIECES else (*parts[: PIECES - 1], parts[-1]) for parts in map(pieces, texts)]
    vectors = encoder().encode([part for parts in cut for part in parts])
    owners = np.repeat(np.arange(len(cut)), [len(parts) for parts in cut])
    sums = np.zeros((len(cut), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, owners, vectors)
    unit: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return unit


class FittedClassifier:
    """A classifier for one labelled file."""

    def __init__(self, labelled: Labelled) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        plain = [normalise(text) for text in labelled.texts]
        rare = 2 if len(plain) >= 100 else 1
        self._grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=rare)
        grams = self._grams.fit_transform(plain)
        vectors = _encode(plain)
        self._mean, self._spread = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-6)
        self._machine = LinearSVC(C=1.0).fit(self._together(grams, vectors), labelled.labels)

    def _together(self, grams: "csr_matrix", vectors: Vectors) -> "csr_matrix":
        from scipy.sparse import csr_matrix, hstack

        centred = (vectors - self._mean) / self._spread / np.sqrt(vectors.shape[1])
        return hstack([grams, csr_matrix(LOUDNESS * centred)]).tocsr()

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Return the label of each text."""
        plain = [normalise(text) for text in texts]
        return [
            str(label) for label in self._machine.predict(self._together(self._grams.transform(plain), _encode(plain)))
        ]


def evaluate(
    train: Path, test: Path, *, text: str = "text", label: str = "label", tune: bool = False
) -> dict[str, Any]:
    """Fit on `train`, predict `test` (JSONL; `text` and `label` name the columns) and return the figures.

    `macro_f1` and `accuracy` (0 … 1), `classes` (count), `train_seconds`, `texts_per_second` (of predicting).
    Raises BadInput for a file that cannot be used, Unavailable for `tune` without the extra `models`.
    """
    from sklearn.metrics import accuracy_score, f1_score

    if tune:
        raise Unavailable(
            "Tuning the encoder needs the extra `models` (sentence-transformers and torch), which this release cannot "
            "drive yet; run the same command without --tune."
        )
    known, asked = load(train, text=text, label=label), load(test, text=text, label=label)
    classes = sorted(set(known.labels))
    if len(classes) < 2:
        raise BadInput(f"{train}: all lines have the label “{classes[0]}”; at least two labels are needed.")
    strange = next((row for row, each in enumerate(asked.labels) if each not in classes), None)
    if strange is not None:
        raise BadInput(f"{test}: the label “{asked.labels[strange]}” does not occur in {train}.")
    started = time.perf_counter()
    fitted = FittedClassifier(known)
    trained = time.perf_counter()
    predicted = fitted.predict(asked.texts)
    taken = time.perf_counter() - trained
    return {
        "macro_f1": round(float(f1_score(asked.labels, predicted, average="macro")), 4),
        "accuracy": round(float(accuracy_score(asked.labels, predicted)), 4),
        "classes": len(classes),
        "train_seconds": round(trained - started, 2),
        "texts_per_second": round(len(asked.texts) / max(taken, 1e-9), 1),
    }

"""A classifier that has learnt from a city's own labelled texts, compared with the one in service on texts that
neither has seen.

The texts come oldest first, and long numbers are cut out of them. The newest part is held out; what comes before
teaches the candidate, beside the city's examples. What the one in service has learnt from is not compared on. The
candidate that was measured is the very one that may serve: it is not fitted again on the rest, so the next comparison,
on still newer texts, is honest too. Which of two is better says `reasons_against`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.text.encode import encoder, pinned
from core.text.lessons import without_numbers
from core.text.normalise import normalise
from intents import calibration, material
from intents.categories import tree
from intents.classify import LEAST_CONFIDENCE, Classifier, outside
from intents.reading import Reading, read_all
from intents.trained import LEARNT, Arrays, marks, packed, unpacked

BATCH = 256  # texts that are read and judged together
FEWEST = 20  # labelled texts, below which nothing can be learnt


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a classifier is on the newest texts; rates 0 to 1, macro-F1 over the categories that occur there.

    `answered`: answered with a leaf; `abstained`: with no category; `examples`: right leaf of the city's own examples,
    each held out.
    """

    leaf_macro_f1: float
    first_level_macro_f1: float
    leaf_accuracy: float
    calibration_error: float
    answered: float
    abstained: float
    examples: float


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate: what it consists of, and how it and the one in service did on the same `compared` texts."""

    content: bytes
    learnt_from: int
    compared: int
    left_out: int  # labelled with no leaf of the tree
    learnt_before: int  # of the newest part, and not compared on: the one in service has learnt from them
    categories: int
    candidate: Figures
    serving: Figures

    def figures(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {
            "learnt_from": self.learnt_from,
            "compared": self.compared,
            "left_out": self.left_out,
            "learnt_before": self.learnt_before,
            "categories": self.categories,
            "candidate": asdict(self.candidate),
            "serving": asdict(self.serving),
        }


@pinned()
def train(texts: Sequence[str], labels: Sequence[str], *, newest_part: float, serving: Arrays | None) -> Trained:
    """Return a candidate fitted on all but the newest part of the texts, with its figures and those of `serving`.

    `texts` and `labels` (codes of leaves): oldest first; `serving`: the arrays in service, None for the shipped ones.
    Takes minutes: two for 2,000 texts in 50 categories on two cores. Raises BadInput, in a sentence, for fewer than 20
    texts with a known leaf, for one category only, and where nothing is left to compare with.
    """
    known = tree()
    places = {leaf.code: place for place, leaf in enumerate(known.leaves())}
    cut = [without_numbers(normalise(text)) for text in texts]
    rows = [row for row, label in enumerate(labels) if label in places and cut[row].strip()]
    if len(rows) < FEWEST:
        raise BadInput(
            f"{len(rows)} labelled texts with a category of the third level are too few; {FEWEST} are needed."
        )
    if len({labels[row] for row in rows}) == 1:
        raise BadInput(f"All labelled texts have the category “{labels[rows[0]]}”; at least two are needed.")
    plain = [cut[row] for row in rows]
    older, unseen = _parted(plain, newest_part)
    newer = _not_learnt(plain, unseen, serving)
    if not newer:
        raise BadInput(
            "The newest labelled texts all occur among the older ones, or the version in service has learnt from them; "
            "there is nothing to compare with."
        )
    read = _read(plain)
    numbers = np.array([places[labels[row]] for row in rows])
    content = _fitted([read[row] for row in older], numbers[older])
    asked, right = [read[row] for row in newer], [labels[rows[row]] for row in newer]
    return Trained(
        content=content,
        learnt_from=len(older),
        compared=len(newer),
        left_out=len(labels) - len(rows),
        learnt_before=len(unseen) - len(newer),
        categories=len(np.unique(numbers[older])),
        candidate=_measure(Classifier(known, unpacked(content)), asked, right),
        serving=_measure(Classifier(known, serving), asked, right),
    )


def reasons_against(
    trained: Trained, *, fewest_compared: int, calibration_error_to: float, examples_loss_to: float
) -> list[str]:
    """Return why the candidate may not serve, in sentences; none where it is better than what serves.

    Not worse on leaves and first level (macro-F1), better on one of them; its confidence off by no more than
    `calibration_error_to` or than now; at most `examples_loss_to` lost on the city's examples, which stand for the
    categories that few people ask about.
    """
    new, old = trained.candidate, trained.serving
    said = []
    if trained.compared < fewest_compared:
        said.append(f"only {trained.compared} texts to compare on, {fewest_compared} are needed")
    for name, title in (("leaf_macro_f1", "third level"), ("first_level_macro_f1", "first level")):
        if getattr(new, name) < getattr(old, name):
            said.append(f"macro-F1 of the {title} falls from {getattr(old, name):.3f} to {getattr(new, name):.3f}")
    if (new.leaf_macro_f1, new.first_level_macro_f1) == (old.leaf_macro_f1, old.first_level_macro_f1):
        said.append("it is no better on either level")
    if new.calibration_error > max(calibration_error_to, old.calibration_error):
        said.append(f"its confidence is off by {new.calibration_error:.3f}, now {old.calibration_error:.3f}")
    if new.examples < old.examples - examples_loss_to:
        said.append(f"the city's own examples are told apart in {new.examples:.0%}, now in {old.examples:.0%}")
    return said


def _parted(plain: Sequence[str], newest_part: float) -> tuple[list[int], list[int]]:
    """Return the rows of the older texts, and of the newer ones that are not among them."""
    cut = len(plain) - max(round(len(plain) * newest_part), 1)
    seen = set(plain[:cut])
    return list(range(cut)), [row for row in range(cut, len(plain)) if plain[row] not in seen]


def _not_learnt(plain: Sequence[str], rows: Sequence[int], serving: Arrays | None) -> list[int]:
    """Return those rows whose texts the model in service has not learnt from."""
    if serving is None or LEARNT not in serving:
        return list(rows)
    learnt = np.isin(marks([plain[row] for row in rows]), serving[LEARNT])
    return [row for row, is_learnt in zip(rows, learnt, strict=True) if not is_learnt]


def _read(texts: Sequence[str]) -> list[Reading]:
    return [reading for start in range(0, len(texts), BATCH) for reading in read_all(texts[start : start + BATCH])]


def _fitted(readings: Sequence[Reading], labels: NDArray[np.intp]) -> bytes:
    """Return the file of a candidate: the city's examples and these texts together, and no text in it."""
    shipped = Classifier(tree())
    leaves, elsewhere = [leaf.code for leaf in shipped.leaves], outside()
    known = material.with_tickets(
        material.of_examples(shipped.examples, shipped.vectors),
        [reading.plain for reading in readings],
        np.stack([reading.vector for reading in readings]),
        labels,
    )
    made = calibration.build(known, leaves, elsewhere, encoder().encode(elsewhere))
    return packed(made | {LEARNT: np.sort(marks([reading.plain for reading in readings]))}, shipped.tree)


def _measure(asked: Classifier, readings: Sequence[Reading], right: Sequence[str]) -> Figures:
    """Return how a classifier does on texts whose leaves are known."""
    from sklearn.metrics import f1_score

    best: list[list[tuple[str, float]]] = []  # of each text, the likeliest code of each level
    for start in range(0, len(readings), BATCH):
        batch = readings[start : start + BATCH]
        levels = asked.confidences(batch)
        best += [[level.best(row, 1)[0] for level in levels] for row in range(len(batch))]
    said, firsts = [each[-1][0] for each in best], [each[0][0] for each in best]
    sure = np.array([[confidence for _, confidence in each] for each in best])
    above = [code.split(".")[0] for code in right]
    hits = np.array([one == other for one, other in zip(said, right, strict=True)])
    return Figures(
        leaf_macro_f1=_rounded(f1_score(right, said, average="macro", labels=sorted(set(right)), zero_division=0)),
        first_level_macro_f1=_rounded(
            f1_score(above, firsts, average="macro", labels=sorted(set(above)), zero_division=0)
        ),
        leaf_accuracy=_rounded(hits.mean()),
        calibration_error=_rounded(calibration.calibration_error(sure[:, -1], hits)),
        answered=_rounded((sure[:, -1] >= LEAST_CONFIDENCE).mean()),
        abstained=_rounded((sure < LEAST_CONFIDENCE).all(axis=1).mean()),
        examples=asked.measured()["level3_accuracy"],
    )


def _rounded(value: float) -> float:
    return round(float(value), 4)

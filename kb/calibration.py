"""How sure the line is that an article fits: a logistic curve over what retrieval measured, one an encoder.

The numbers stand in `calibration.yaml`, which `benchmarks/answers.py` writes; docs/knowledge.md says how they are
chosen. Unrelated sentences have a cosine of 0.3 to 0.5 under the default encoder, so no single cosine can decide.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import read_yaml
from core.text.encode import Encoder, default, encoder
from kb import words
from kb.retrieval import Found

CALIBRATION = Path(__file__).with_name("calibration.yaml")
RIVALS = 9  # documents behind the first that it is compared with


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve and the probability from which on the answer is yes."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, measures: Mapping[str, float]) -> float:
        """Return a number between 0 and 1."""
        total = self.intercept + sum(weight * measures[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def measures(found: Sequence[Found]) -> dict[str, float]:
    """Return what is measured of a question and of what was `found`, which is at least one, best first.

    To what `Found` holds of the first it adds `lead`, its score above the mean of the next ones, and the form of the
    sentence: `asks`, `reports`.
    """
    first, rivals = found[0], found[1 : RIVALS + 1]
    plain = first.query.text
    return first.measures() | {
        "lead": first.score - sum(each.score for each in rivals) / len(rivals) if rivals else 0.0,
        "asks": float(words.asks(plain)),
        "reports": float(words.reports(plain)),
    }


def reader() -> Encoder:
    """Return what articles are found with: the encoder in use where its numbers were measured, else the settings'.

    A city's tuned encoder draws together what is of one category. With the default one's numbers it would answer much
    that no article holds (docs/knowledge.md).
    """
    used = encoder()
    return used if used.fingerprint.split(":")[0] in _known() else default()[0]


def order(kind: str, fingerprint: str) -> Mapping[str, float]:
    """Return the weights that order `articles`, or `texts` without title and questions, with this encoder."""
    weights: Mapping[str, float] = _of(fingerprint)["order"][kind]
    return weights


@lru_cache(maxsize=8)
def curve(use: str, fingerprint: str) -> Curve:
    """Return the curve for `use` (`answer` or `search`) with the encoder of this fingerprint."""
    return Curve(**_of(fingerprint)[use])


@lru_cache(maxsize=8)
def _of(fingerprint: str) -> dict[str, Any]:
    """Return an encoder's numbers; one that was never calibrated gets the default one's."""
    numbers: dict[str, Any] = _known().get(fingerprint.split(":")[0], _known()["bge-small-zh-v1.5"])
    return numbers


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    known: dict[str, Any] = read_yaml(CALIBRATION)
    return known

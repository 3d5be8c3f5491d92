"""Whose duty a request is: the departments, and a ranking of them with its reasons.

The dispatch catalogue comes first; how near the words of the duties are to the words of the request decides among the
rest, and alone where the category is not known (`tickets.yaml` holds the weights).
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from core.city import city
from core.text.encode import encoder, per_encoder, pinned
from core.text.index import VectorIndex
from routing.agenda import Load
from routing.catalogue import Assignment, Catalogue, catalogue
from routing.messages import say
from routing.rules import rules
from routing.tree import Department, Departments, load, tree

__all__ = ["Candidate", "Department", "Departments", "Grounds", "grounds", "load", "rank", "tree"]

MOST = 5
DUTIES_LOOKED_AT = 100
LISTED = re.compile("[、，和]")
CHARACTERS_READ = 300  # of the request; the matter stands at its beginning


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department that may be responsible: score between 0 and 1, and why, in sentences for staff."""

    code: str
    name: str
    score: float
    evidence: tuple[str, ...]
    risk: float | None = None  # how likely a dispatch there comes back, 0 to 1; None where it was not asked
    load: Load | None = None  # what it has on hand; None where it was not asked
    opens_at: datetime | None = None  # when it is at work next; None while it is
    on_duty: str | None = None  # who answers while it is closed


@dataclass(frozen=True, slots=True)
class Grounds:
    """What catalogue and duties say of a matter: scores and sentences by code; `lead`: whom the catalogue names.

    `assigned`: what the row of the catalogue says.
    """

    lead: str | None
    scores: dict[str, float]
    evidence: dict[str, list[str]]
    assigned: Assignment | None = None

    def ceiling(self, code: str) -> float:
        """Return the best score a department may reach: without the catalogue never that of an automatic dispatch."""
        return 1.0 if code == self.lead else rules().dispatch.duties


@pinned()
def rank(
    *,
    category: str | None,
    district: str | None,
    street: str | None,
    text: str,
    duties: Catalogue | None = None,
) -> list[Candidate]:
    """Return the departments that may be responsible by catalogue and duties, best first, at most five.

    `category`: a code of the category tree or None; `district` and `street`: codes or None; `text`: what was said;
    `duties`: the catalogue in force, None for that of the city's files. For a ticket
    `suggestions.suggest` also asks what was done with similar ones.
    """
    found = grounds(category=category, district=district, street=street, text=text, duties=duties)
    return [candidate(code, found.scores[code], found.evidence[code]) for code in best(found.scores)]


def best(scores: Mapping[str, float]) -> list[str]:
    """Return the codes with the highest scores above zero, best first, at most five."""
    return sorted((code for code in scores if scores[code] > 0), key=lambda code: (-scores[code], code))[:MOST]


def candidate(code: str, score: float, evidence: Sequence[str], *, risk: float | None = None) -> Candidate:
    """Return a department as a candidate."""
    return Candidate(code=code, name=tree().get(code).name, score=round(score, 4), evidence=tuple(evidence), risk=risk)


def grounds(
    *, category: str | None, district: str | None, street: str | None, text: str, duties: Catalogue | None = None
) -> Grounds:
    """Return what catalogue and duties say of a matter; the arguments are those of `rank`."""
    weights = rules().dispatch
    nearest = _nearest_duties(text, district, street)
    base: dict[str, float] = {}
    evidence: dict[str, list[str]] = defaultdict(list)
    used = catalogue() if duties is None else duties
    assigned = used.find(category=category, district=district, street=street) if category else None
    if assigned:
        for code in assigned.co_handlers:
            base[code] = weights.catalogue_co_handler
            evidence[code].append(say("evidence.co_handler", basis=assigned.row.basis))
        if assigned.lead:
            base[assigned.lead] = weights.catalogue_lead
            evidence[assigned.lead].append(say("evidence.lead", basis=assigned.row.basis))
    lead = assigned.lead if assigned else None
    found = Grounds(lead=lead, scores={}, evidence=evidence, assigned=assigned)
    for code in base.keys() | nearest.keys():
        if tree().get(code).kind == "centre":  # it dispatches and handles nothing itself
            continue
        nearness, duty = nearest.get(code, (0.0, ""))
        least = base.get(code, 0.0)
        found.scores[code] = least + (found.ceiling(code) - least) * nearness
        if nearness > 0:
            evidence[code].append(say("evidence.duty", duty=duty))
    return found


def _nearest_duties(text: str, district: str | None, street: str | None) -> dict[str, tuple[float, str]]:
    """Return each department's nearest duty, as (0 to 1, the duty's words); other places' offices are left out.

    What counts is the nearest single duty, and a third as much the department as a whole: one stray word in a long list
    of duties then weighs less.
    """
    weights = rules().dispatch
    here = {found.code for found in (tree().of_district(district), tree().of_street(district, street)) if found}
    used = encoder()
    vector = used.encode([text[:CHARACTERS_READ]])
    duties, wholes = _indexes(city().folder)
    as_whole = {found.key: found.cosine for found in wholes.search(vector, len(wholes), made_by=used.fingerprint)[0]}
    nearest: dict[str, tuple[float, str]] = {}
    for found in duties.search(vector, DUTIES_LOOKED_AT, made_by=used.fingerprint)[0]:
        code, duty = found.key
        if code in nearest or (tree().get(code).area is not None and code not in here):
            continue
        cosine = (2 * found.cosine + as_whole[code]) / 3
        span = (cosine - weights.cosine_unrelated) / (weights.cosine_same - weights.cosine_unrelated)
        nearest[code] = (min(max(span, 0.0), 1.0), duty)
    return nearest


@per_encoder
def _indexes(_folder: Path) -> tuple[VectorIndex[tuple[str, str]], VectorIndex[str]]:
    """Return an index of every duty (as written, and each of the things it lists), and one of whole departments."""
    keys: list[tuple[str, str]] = []
    texts: list[str] = []
    streets_and_above = [department for department in tree() if department.kind != "grid"]
    for department in streets_and_above:
        for duty in department.duties:
            parts = dict.fromkeys([duty, *(part for part in LISTED.split(duty) if len(part) > 1)])
            keys.extend((department.code, duty) for _ in parts)
            texts.extend(parts)
    used = encoder()
    vectors = used.encode(texts)
    codes = [department.code for department in streets_and_above]
    wholes = np.stack([vectors[[row for row, key in enumerate(keys) if key[0] == code]].mean(axis=0) for code in codes])
    wholes /= np.linalg.norm(wholes, axis=1, keepdims=True)
    return (
        VectorIndex(keys, vectors, fingerprint=used.fingerprint),
        VectorIndex(codes, wholes, fingerprint=used.fingerprint),
    )

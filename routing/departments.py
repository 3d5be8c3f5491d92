"""Whose duty a request is: the departments, and a ranking of them with its reasons.

The dispatch catalogue comes first; how near the words of the duties are to the words of the request decides among the
rest, and alone where the category is not known (`tickets.yaml` holds the weights).
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.city import city
from core.text.encode import encoder
from core.text.index import VectorIndex
from routing.catalogue import catalogue
from routing.messages import say
from routing.rules import rules
from routing.tree import Department, Departments, load, tree

__all__ = ["Candidate", "Department", "Departments", "load", "rank", "tree"]

MOST = 5
DUTIES_LOOKED_AT = 60
CHARACTERS_READ = 300  # of the request; the matter stands at its beginning


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department that may be responsible: score between 0 and 1, and why, in sentences for staff."""

    code: str
    name: str
    score: float
    evidence: tuple[str, ...]


def rank(*, category: str | None, district: str | None, street: str | None, text: str) -> list[Candidate]:
    """Return the departments that may be responsible, best first, at most five.

    `category`: a code of the category tree or None; `district` and `street`: codes or None; `text`: what was said.
    """
    weights = rules().dispatch
    duties = _nearest_duties(text, district, street)
    base: dict[str, float] = {}
    evidence: dict[str, list[str]] = defaultdict(list)
    assigned = catalogue().find(category=category, district=district, street=street) if category else None
    if assigned:
        for code in assigned.co_handlers:
            base[code] = weights.catalogue_co_handler
            evidence[code].append(say("evidence.co_handler", basis=assigned.row.basis))
        if assigned.lead:
            base[assigned.lead] = weights.catalogue_lead
            evidence[assigned.lead].append(say("evidence.lead", basis=assigned.row.basis))
    scores: dict[str, float] = {}
    for code in base.keys() | duties.keys():
        nearness, duty = duties.get(code, (0.0, ""))
        room = 1 - base[code] if code in base else weights.duties
        if base.get(code) == weights.catalogue_co_handler:
            room = weights.duties - weights.catalogue_co_handler
        scores[code] = base.get(code, 0.0) + room * nearness
        if nearness > 0:
            evidence[code].append(say("evidence.duty", duty=duty))
    best = sorted(scores, key=lambda code: (-scores[code], code))[:MOST]
    return [
        Candidate(code=code, name=tree().get(code).name, score=round(scores[code], 4), evidence=tuple(evidence[code]))
        for code in best
        if scores[code] > 0
    ]


def _nearest_duties(text: str, district: str | None, street: str | None) -> dict[str, tuple[float, str]]:
    """Return each department's nearest duty, as (0 to 1, the duty's words); other places' offices are left out."""
    weights = rules().dispatch
    here = {found.code for found in (tree().of_district(district), tree().of_street(district, street)) if found}
    vector = encoder().encode([text[:CHARACTERS_READ]])
    nearest: dict[str, tuple[float, str]] = {}
    for found in _duties(city().folder, encoder().fingerprint).search(vector, DUTIES_LOOKED_AT)[0]:
        code, duty = found.key
        if code in nearest or (tree().get(code).area is not None and code not in here):
            continue
        span = (found.cosine - weights.cosine_unrelated) / (weights.cosine_same - weights.cosine_unrelated)
        nearest[code] = (min(max(span, 0.0), 1.0), duty)
    return nearest


@lru_cache(maxsize=2)
def _duties(folder: Path, fingerprint: str) -> VectorIndex[tuple[str, str]]:
    keys = [(department.code, duty) for department in tree() for duty in department.duties]
    return VectorIndex(keys, encoder().encode([duty for _, duty in keys]), fingerprint=fingerprint)

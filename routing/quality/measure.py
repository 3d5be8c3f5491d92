"""How often the checks are right: on labelled lines, and on real letters with their replies."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.text.encode import encoder
from routing.models import Ticket
from routing.quality import checks, requests
from routing.quality.checks import CHECKS
from routing.quality.rules import quality

# What a line may say of a ticket beside `request` and `result`.
FIELDS = ("request_type", "category", "address", "elements")
UNSEEN = frozenset({"copied", "unsatisfied"})  # they need other tickets, or the citizen's answers
MISTAKEN = 0.05  # share of right replies that a threshold may call wrong
BATCH = 64
FEWEST = 20  # pairs from which something can be said


def found(given: Mapping[str, Any]) -> set[str]:
    """Return the checks that find something in one labelled case; see `by_check`."""
    request, result = str(given["request"]), str(given.get("result") or "")
    fields = {name: given.get(name) for name in FIELDS}
    ticket = Ticket(title="", description=request, happened=None, **fields | {"elements": given.get("elements") or {}})
    hits = requests.of_ticket(ticket)
    if result:
        kind, secret = str(given.get("request_type") or ""), bool(given.get("secret"))
        hits += checks.of_reply(request, result, str(given.get("basis") or ""), request_type=kind, secret=secret)
    return {hit.check for hit in hits}


def by_check(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> dict[str, dict[str, float]]:
    """Return precision, recall and counts of each check that the lines label.

    A line is `{"given": {"request", "request_type", "result", "basis", "secret", "category", "address", "elements"},
    "found": [checks]}`; of `given` only `request` must be there. A reply's checks are judged on lines with a result. A
    check that no line names is left out: nobody looked for it. Raises BadInput, naming the line.
    """
    judged = [(bool(given.get("result")), labels, found(given)) for given, labels in _labelled(rows)]
    named = {check for _, labels, _ in judged for check in labels}
    counted = {}
    for check in (each for each in CHECKS if each in named):
        asked = [
            (check in labels, check in seen) for replied, labels, seen in judged if replied or check in requests.CHECKS
        ]
        counts = Counter(asked)
        right, wrong, missed = counts[True, True], counts[False, True], counts[True, False]
        counted[check] = {
            "precision": round(right / (right + wrong), 4) if right + wrong else 0.0,
            "recall": round(right / (right + missed), 4) if right + missed else 0.0,
            "found": right + wrong,
            "labelled": right + missed,
            "lines": len(asked),
        }
    return counted


def separation(letters: Sequence[str], replies: Sequence[str]) -> dict[str, float]:
    """Return how well relevance tells a letter's own reply from another letter's (of half the file further on).

    `auc`: how probable it is that the own one scores higher. A threshold is chosen on the even lines, so that it calls
    5 % of the own replies wrong, and judged on the odd ones; `in_force` is the city's, judged on all.
    Raises BadInput for fewer than 20 pairs.
    """
    if len(letters) < FEWEST:
        raise BadInput(f"{len(letters)} pairs of letters and replies are too few; at least {FEWEST} are needed.")
    own, others = _relevances(letters, replies)
    even, odd = slice(0, None, 2), slice(1, None, 2)
    chosen = float(np.quantile(own[even], MISTAKEN))
    in_force = quality().relevance_below
    return {
        "pairs": len(letters),
        "auc": _auc(own, others),
        "auc_odd": _auc(own[odd], others[odd]),
        "chosen_on_even": round(chosen, 3),
        "odd_seen": round(float((others[odd] < chosen).mean()), 4),
        "odd_mistaken": round(float((own[odd] < chosen).mean()), 4),
        "in_force": in_force,
        "in_force_seen": round(float((others < in_force).mean()), 4),
        "in_force_mistaken": round(float((own < in_force).mean()), 4),
    }


def _labelled(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterable[tuple[Mapping[str, Any], set[str]]]:
    for number, row in rows:
        given, labels = row.get("given"), row.get("found")
        if (
            not isinstance(given, Mapping)
            or not isinstance(labels, list)
            or not str(given.get("request") or "").strip()
        ):
            raise BadInput(f'Line {number} must hold {{"given": {{"request": …}}, "found": [checks]}}.')
        unknown = [str(each) for each in labels if each not in CHECKS or each in UNSEEN]
        if unknown:
            raise BadInput(f"Line {number}: no check that a line can show is called “{unknown[0]}”.")
        yield given, set(labels)


def _relevances(letters: Sequence[str], replies: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    asked = _encoded([each[: checks.READ] for each in letters])
    said = _encoded([checks.body(each) for each in replies])
    away = len(letters) // 2
    other = [(row + away) % len(letters) for row in range(len(letters))]
    scores = []
    for answer in (list(range(len(letters))), other):
        shared = [checks.shared(letters[row], replies[column]) for row, column in enumerate(answer)]
        scores.append((asked * said[answer]).sum(axis=1) + checks.OVERLAP * np.array(shared))
    return scores[0], scores[1]


def _encoded(texts: Sequence[str]) -> NDArray[np.float64]:
    batches = [encoder().encode(list(texts[start : start + BATCH])) for start in range(0, len(texts), BATCH)]
    return np.concatenate(batches).astype(np.float64)


def _auc(own: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return how probable it is that one of `own` is larger than one of `others`; a tie counts half."""
    ordered = np.sort(others)
    below, to = np.searchsorted(ordered, own, "left"), np.searchsorted(ordered, own, "right")
    return round(float((below + to).sum() / 2 / len(own) / len(others)), 4)

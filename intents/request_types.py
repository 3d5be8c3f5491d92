"""What kind of request it is and how urgent: words that say so, weighed with what the category usually is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.city import read_yaml
from intents.categories import Node
from intents.understanding import RequestType, Urgency

CUES = Path(__file__).parent / "data" / "cues.yaml"
HEAD = 400  # characters in which a letter says what it wants
_COURTESY = re.compile(
    r"(?:好的?|嗯+|行|ok|非常|太|多|十分|[，,。！!~\s])*(?:谢谢|感谢|多谢|辛苦)(?:了|啦|你|您|你们|大家|[，,。！!~\s])*"
)
USUAL = 1.0  # weight of what the category usually is


@dataclass(frozen=True, slots=True)
class _Cues:
    kinds: dict[RequestType, tuple[tuple[float, re.Pattern[str]], ...]]
    none: re.Pattern[str]
    critical: re.Pattern[str]
    crowd: int
    acts: re.Pattern[str]
    urgent: re.Pattern[str]


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    raw = read_yaml(CUES)
    return _Cues(
        kinds={
            RequestType(kind): tuple((float(weight), re.compile(pattern)) for weight, pattern in listed)
            for kind, listed in raw["request_type"].items()
        },
        none=re.compile(raw["not_cues"]),
        critical=re.compile(raw["urgency"]["critical"]),
        crowd=int(raw["urgency"]["crowd"]["people"]),
        acts=re.compile(raw["urgency"]["crowd"]["acts"]),
        urgent=re.compile(raw["urgency"]["urgent"]),
    )


def is_courtesy(plain: str) -> bool:
    """Say whether a normalised text is thanks and nothing else."""
    return _COURTESY.fullmatch(plain) is not None


def cue_weights(plain: str) -> dict[RequestType, float]:
    """Return how much the words of a normalised text speak for each request type: the sum of its cues' weights."""
    cues = _cues()
    text = plain if len(plain) <= HEAD else plain[: HEAD // 2] + plain[-HEAD // 2 :]
    text = cues.none.sub("〇", text)
    return {
        kind: sum(weight for weight, pattern in listed if pattern.search(text)) for kind, listed in cues.kinds.items()
    }


def request_type(plain: str, usual: RequestType | None) -> RequestType:
    """Return the request type of a normalised text; `usual` is its category's, or None where that is not known.

    Without any word for one it is the usual, and without that a consultation: the only type that opens no ticket.
    """
    weights = cue_weights(plain)
    if usual is not None:
        weights[usual] += USUAL
    best = max(weights.values())
    if best == 0 or is_courtesy(plain):
        return RequestType.CONSULTATION
    if usual is not None and weights[usual] == best:
        return usual
    return next(kind for kind, weight in weights.items() if weight == best)


def urgency(
    plain: str, leaf: Node | None, kind: RequestType, *, emergency: bool, people: Sequence[int] = ()
) -> Urgency:
    """Return how urgent a normalised text is: danger and crowds first, then its words, then what its category says.

    `people`: how many the text speaks of (`counts.people`).
    """
    cues = _cues()
    crowd = any(count >= cues.crowd for count in people) and cues.acts.search(plain) is not None
    if emergency or crowd or cues.critical.search(plain):
        return Urgency.CRITICAL
    if kind in (RequestType.CONSULTATION, RequestType.SUGGESTION, RequestType.PRAISE):
        return Urgency.GENERAL
    usual = leaf.urgency if leaf else Urgency.GENERAL
    return Urgency.URGENT if usual is Urgency.GENERAL and cues.urgent.search(plain) else usual

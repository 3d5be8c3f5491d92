"""What is read out of a request: a complaint that was filed as something milder, and elements that are missing."""

import math
import re

import intents
from core.text.normalise import normalise
from intents import RequestType, categories, entities
from routing.models import Ticket
from routing.quality.checks import Hit
from routing.quality.rules import quality

CHECKS = frozenset({"type_drift", "missing"})
SERIOUS = (RequestType.COMPLAINT, RequestType.TIP_OFF)
MILD = frozenset({RequestType.CONSULTATION, RequestType.SUGGESTION, RequestType.PRAISE})
READ = 400  # characters that say what is wanted
MOST_TOLD, MOST_GENERAL, MOST_SUGGESTED = 3, 2, 9  # beyond these more of the same says nothing new
_EVEN = 0.02  # keeps the log-odds of a category that is certain finite


def words_of(ticket: Ticket) -> str:
    """Return the words of a request; a title that only repeats the beginning of the description is left out."""
    title, description = ticket.title, ticket.description
    return description if description.startswith(title.rstrip("…")) else f"{title} {description}"


def of_ticket(ticket: Ticket) -> list[Hit]:
    """Return what a ticket's request leaves to be desired. Reads and encodes: call it in a thread."""
    return [*drift(words_of(ticket), ticket.request_type), *_missing(ticket)]


def drift(request: str, request_type: str) -> list[Hit]:
    """Return a finding where a complaint or tip-off was probably filed as something milder.

    Its words are those of what happened, its value is the type that it reads like and how probable that is.
    """
    if request_type not in MILD:
        return []
    probable, read, told = seriousness(request)
    return [Hit("type_drift", told, f"{read} {probable:.2f}")] if probable >= quality().drift.probable_from else []


def seriousness(request: str) -> tuple[float, RequestType, tuple[str, ...]]:
    """Return how probable it is that a request is a complaint or tip-off, which of the two, and the words that tell."""
    weights, leaning = quality().drift, intents.leaning(request)
    text = normalise(request)[:READ]
    told = tuple(dict.fromkeys(found.group() for found in weights.told_words.finditer(text)))
    general = len(set(weights.general_words.findall(text)))
    cues, usual = leaning.cues, sum(leaning.usual[each] for each in SERIOUS)
    odds = (
        weights.base
        + weights.cues * max(cues[each] for each in SERIOUS)
        + weights.told * min(len(told), MOST_TOLD)
        + weights.general * min(general, MOST_GENERAL)
        + weights.suggestion * min(cues[RequestType.SUGGESTION], MOST_SUGGESTED)
        + weights.praise * cues[RequestType.PRAISE]
        + weights.category * math.log((usual + _EVEN) / (1 - usual + _EVEN))
    )
    kind = max(SERIOUS, key=lambda each: cues[each] + leaning.usual[each])
    return 1 / (1 + math.exp(-odds)), kind, told


def _missing(ticket: Ticket) -> list[Hit]:
    """Return a finding with the elements that the ticket's category asks for and nobody has written down.

    Of one who may not be known, who and where they are is left out of what departments read, and so of this.
    """
    required = quality().required
    if ticket.request_type not in required.request_types:
        return []
    node = categories.tree().get(ticket.category or "")
    asked = [each for each in required.elements if node and each in node.ask]
    words = words_of(ticket)
    missing = [each for each in asked if not _has(ticket, each, words)]
    if len(re.sub(r"\W", "", words)) < required.what_from:
        missing.insert(0, "what")
    return [Hit("missing", (), " ".join(missing))] if missing else []


def _has(ticket: Ticket, element: str, words: str) -> bool:
    if element == "where":
        place = ticket.address or ticket.road or ticket.landmark or ticket.latitude
        return bool(place) or bool(entities.find(normalise(words)).addresses)
    if element == "when":
        return bool(ticket.happened) or bool(entities.find(normalise(words)).times)
    if element == "company":
        return bool(ticket.elements.get("company")) or bool(entities.find(normalise(words)).organisations)
    return bool(ticket.elements.get(element))

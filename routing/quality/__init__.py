"""质检: every ticket is read, not a sample. What is found are hints for people: they confirm or dismiss, with a reason.

rules    the city's words and thresholds (`quality.yaml`)
checks   what is read out of a request and a reply, with the words that it stands on
copies   sentences that a department has used in another matter's reply
findings kept, listed, counted, decided; the job `quality.review`
"""

from routing.quality.checks import CHECKS, Hit, relevance, review
from routing.quality.findings import Finding, Shown, decide, hints, listing, numbers, review_ticket

__all__ = [
    "CHECKS",
    "Finding",
    "Hit",
    "Shown",
    "decide",
    "hints",
    "listing",
    "numbers",
    "relevance",
    "review",
    "review_ticket",
]

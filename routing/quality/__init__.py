"""质检: every ticket is read, not a sample. What is found are hints for people: they confirm or dismiss, with a reason.

rules     the city's words and thresholds (`quality.yaml`)
requests  what is read out of a request: its type, its elements
checks    what is read out of the reply to it, with the words that it stands on
copies    sentences that a department has used in another matter's reply
reviewing the job `quality.review`, and hints while a reply is written
past      `review_past`: what lies in the past, in a transaction a ticket
findings  listed, exported, decided; counting: how many there are
lessons   what was dismissed teaches
measure   how often the checks are right, on labelled lines; `separation` of real replies from others'
"""

from routing.quality.checks import CHECKS, Hit, relevance
from routing.quality.counting import NOBODY, by_check, by_department
from routing.quality.findings import Narrowed, Shown, decide, export, listing
from routing.quality.past import Progress, review_past
from routing.quality.reviewing import hints, review_ticket
from routing.quality.tables import READ, STANDS, Finding

__all__ = [
    "CHECKS",
    "NOBODY",
    "READ",
    "STANDS",
    "Finding",
    "Hit",
    "Narrowed",
    "Progress",
    "Shown",
    "by_check",
    "by_department",
    "decide",
    "export",
    "hints",
    "listing",
    "relevance",
    "review_past",
    "review_ticket",
]

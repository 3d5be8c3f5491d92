"""What a hotline is measured by (`domain.md`: 三率, first dispatch, time, returns); numbers open into tickets.

definitions  each figure in one place: numerator, denominator, exclusions
following    the sweep `figures.follow`: what changed tickets count as, and the sums of their days
rates        counts and rates of a time; `parts`: the same by department, district, category, channel or day
entries      the tickets behind one number; `export`: all of them, without personal data
exclusions   `exclude`, `include`: a person decides, with a reason that the ledger keeps
"""

from routing.figures.definitions import COUNTS, FIGURES, RATES, Figure, get
from routing.figures.entries import Asked, Entry, Page, export, page, reasons
from routing.figures.exclusions import exclude, given, include
from routing.figures.following import catch_up, follow
from routing.figures.reading import before, parts, rates, scope
from routing.figures.tables import DIMENSIONS

__all__ = [
    "COUNTS",
    "DIMENSIONS",
    "FIGURES",
    "RATES",
    "Asked",
    "Entry",
    "Figure",
    "Page",
    "before",
    "catch_up",
    "exclude",
    "export",
    "follow",
    "get",
    "given",
    "include",
    "page",
    "parts",
    "rates",
    "reasons",
    "scope",
]

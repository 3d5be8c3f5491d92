"""The figures, each defined once: page, interface, command line and documentation read them from here.

A ticket counts in a figure as `yes` (numerator and denominator), `no` (denominator only), by the code of the reason for
which it is excluded, or not at all. What a condition may speak of stands in `Facts`: one row a ticket.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, true

from routing.figures.facts import Facts
from routing.models import Ticket
from routing.rules import rules

Condition = Callable[[Facts], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `asked`: which tickets it is about; `counted`: those of them that make the numerator.

    `share`: numerator ÷ denominator, from which tickets may be excluded; else a plain count of the numerator.
    `excludable`: which tickets are shown as excluded where a reason holds; those that it is about, unless said.
    Its name and definition in words are the messages `figure.<code>` and `figure.<code>.is`.
    """

    code: str
    asked: Condition
    counted: Condition
    share: bool = True
    excludable: Condition | None = None


def _all(facts: Facts) -> ColumnElement[bool]:
    return true()


def _surveyed(facts: Facts) -> ColumnElement[bool]:
    return Ticket.surveyed_at.is_not(None)


def _dispatched(facts: Facts) -> ColumnElement[bool]:
    return Ticket.dispatched_at.is_not(None)


def _replied(facts: Facts) -> ColumnElement[bool]:
    return Ticket.replied_at.is_not(None)


def _survey_ended(facts: Facts) -> ColumnElement[bool]:
    return or_(_surveyed(facts), Ticket.survey_end.is_not(None), Ticket.state == "withdrawn")


def _survey(code: str, condition: Condition) -> Figure:
    return Figure(code, _surveyed, condition, excludable=_survey_ended)


def _counted(code: str, condition: Condition) -> Figure:
    return Figure(code, _all, condition, share=False)


FIGURES: tuple[Figure, ...] = (
    _counted("opened", _all),
    _counted("dispatched", _dispatched),
    _counted("closed", lambda facts: Ticket.state == "closed"),
    _counted("surveyed", _surveyed),
    _counted("reopened", lambda facts: Ticket.reopened > 0),
    _counted("merged", lambda facts: Ticket.merged_into.is_not(None)),
    _survey("response_rate", lambda facts: Ticket.contacted.is_(True)),
    _survey("solution_rate", lambda facts: Ticket.solved.is_(True)),
    _survey("satisfaction_rate", lambda facts: Ticket.satisfied >= rules().survey.satisfied_from),
    Figure("first_dispatch_accuracy", _dispatched, lambda facts: ~Ticket.misdispatched),
    Figure("on_time_rate", lambda facts: or_(facts.ended, facts.late), lambda facts: ~facts.late),
    Figure("return_rate", _dispatched, lambda facts: Ticket.returns > 0),
    Figure("reopen_rate", _replied, lambda facts: Ticket.reopened > 0),
    Figure("merge_rate", _all, lambda facts: Ticket.merged_into.is_not(None)),
    Figure("extension_rate", _dispatched, lambda facts: Ticket.extensions > 0),
    Figure("callback_rate", lambda facts: and_(_replied(facts), facts.survey_over), _surveyed),
)
COUNTS = tuple(figure.code for figure in FIGURES if not figure.share)
RATES = tuple(figure.code for figure in FIGURES if figure.share)
_BY_CODE = {figure.code: figure for figure in FIGURES}


def get(code: str) -> Figure | None:
    """Return the figure, or None where there is none of that code."""
    return _BY_CODE.get(code)

"""One clock of a ticket: its limit, how it stands, when it ends, and when it must act next."""

from datetime import datetime
from enum import StrEnum

from core import clock
from routing import clocks
from routing.calendar import calendar
from routing.clocks import Change, Course
from routing.hiding import is_secret
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Limit, Unit, sla


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"  # met, after it was due
    VOID = "void"  # no longer asked for


def state_of(row: TicketClock, at: datetime) -> ClockState:
    """Return how the clock stands at a moment."""
    if row.void_at is not None:
        return ClockState.VOID
    if row.met_at is not None:
        return ClockState.MET if row.met_at <= row.due_at else ClockState.LATE
    if is_paused(row):
        return ClockState.PAUSED
    return ClockState.RUNNING if at <= row.due_at else ClockState.OVERDUE


def is_paused(row: TicketClock) -> bool:
    """Say whether a running clock stands still; one that had ended before its pause began is overdue."""
    return row.paused_at is not None and row.paused_at <= row.due_at


def limit_for(ticket: Ticket, kind: ClockKind) -> Limit | None:
    """Return the limit that the policy in force sets for a clock of the ticket as it is now, if any.

    Nobody is to contact an author whom the department may not know.
    """
    if kind == ClockKind.CONTACT and is_secret(request_type=ticket.request_type, confidential=ticket.confidential):
        return None
    return sla().policy.limit(
        kind,
        request_type=ticket.request_type,
        urgency=ticket.urgency,
        category=ticket.category,
        department=ticket.lead,
    )


def begin(row: TicketClock, limit: Limit) -> None:
    """Let the clock begin now, by this limit."""
    row.amount, row.unit, row.policy = limit.amount, limit.unit, sla().policy.code
    row.started_at, row.changes, row.paused_at = clock.now(), [], None
    row.breached_at, row.warned = None, 0
    count(row)


def course(row: TicketClock) -> Course:
    """Return the clock as `routing.clocks` counts it."""
    return Course(row.started_at, row.amount, Unit(row.unit), tuple(Change.read(each) for each in row.changes))


def count(row: TicketClock) -> bool:
    """Set when the clock ends and when it must act next, by the calendar in force.

    Say whether the end moved, or became provisional or certain.
    """
    due = clocks.ends(course(row), calendar())
    moved = (row.due_at, row.provisional) != (due.at, due.provisional)
    row.due_at, row.provisional = due.at, due.provisional
    plan(row)
    return moved


def plan(row: TicketClock) -> None:
    """Set when the clock must act next."""
    row.act_at = acts_at(row)


def acts_at(row: TicketClock) -> datetime | None:
    """Return when the clock reaches the first point of the escalation above what it has acted upon; None: never."""
    if row.paused_at is not None or row.breached_at is not None:
        return None
    # A right that lapses is nobody's duty: nobody is warned of it.
    points = [100] if row.kind == ClockKind.RETURN else [step.at for step in sla().escalation if step.at > row.warned]
    return clocks.reached(course(row), points[0], calendar()) if points else None


def percent_over(row: TicketClock, at: datetime) -> int:
    """Return the highest point of the escalation that the clock has passed at a moment; 0 before the first."""
    if at > row.due_at:
        return 100
    passed = (step.at for step in reversed(sla().escalation))
    return next((point for point in passed if clocks.reached(course(row), point, calendar()) < at), 0)


def change(row: TicketClock, what: Change) -> None:
    """Keep what happened to the clock, and count it anew."""
    row.changes = [*row.changes, what.as_json()]
    count(row)


def resume(row: TicketClock) -> None:
    """Let a paused clock run on."""
    row.paused_at = None
    change(row, Change("resume", clock.now()))

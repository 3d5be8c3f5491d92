"""A clock as staff read it, with what it has passed of its escalation."""

from admin.staff import texts
from admin.staff.tickets.views import ClockView
from core import clock
from routing import clock_rows
from routing.messages import say as routing_say
from routing.models import TicketClock
from routing.parts import TicketPart
from routing.policy import sla


def of_row(row: TicketClock, *, locale: str) -> ClockView:
    """Return a clock of the ticket."""
    state = clock_rows.state_of(row, clock.now())
    return ClockView(
        kind=row.kind,
        name=routing_say(f"clock.{row.kind}", locale),
        started_at=row.started_at,
        due_at=row.due_at,
        met_at=row.met_at,
        state=str(state),
        state_name=texts.named("clock_state", state, locale),
        percent=100 if state == clock_rows.ClockState.OVERDUE else _passed(row.warned),
        provisional=row.provisional,
    )


def of_part(part: TicketPart, *, locale: str) -> ClockView:
    """Return the time that a co-handler has for its part, as a clock."""
    state = clock_rows.ClockState.OVERDUE if part.due_at < clock.now() else clock_rows.ClockState.RUNNING
    return ClockView(
        kind="part",
        name=routing_say("clock.part", locale),
        started_at=part.asked_at,
        due_at=part.due_at,
        state=str(state),
        state_name=texts.named("clock_state", state, locale),
        percent=100 if state == clock_rows.ClockState.OVERDUE else 0,
        provisional=False,
    )


def _passed(warned: int) -> int:
    """Return the highest point of the escalation at or below what a clock has been acted upon."""
    return max((step.at for step in sla().escalation if step.at <= warned), default=0)

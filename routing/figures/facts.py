"""What the figures may ask of a ticket: its own columns, its resolve clocks, and how its survey ended."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, null, or_, select
from sqlalchemy.sql.selectable import LateralFromClause

from core import clock
from intents import RequestType
from routing.figures.tables import FigureExclusion
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind
from routing.rules import rules


@dataclass(frozen=True, slots=True)
class Facts:
    """Conditions that need more than the ticket's row.

    `ended`: a resolve clock was met or ran out; `late`: one of them after its end; `due_at`: when that will be so
    without any event; `survey_over`: nobody waits for the citizen's answers any more.
    """

    ended: ColumnElement[bool]
    late: ColumnElement[bool]
    due_at: ColumnElement[Any]
    survey_over: ColumnElement[bool]
    clocks: LateralFromClause


def facts() -> Facts:
    """Return the conditions; a statement that uses them joins `clocks`, outer, on true."""
    now = clock.now()
    runs = and_(TicketClock.met_at.is_(None), TicketClock.void_at.is_(None))
    # By where the clock ends now: a correction that moved it counts from the start, whatever was marked before.
    not_paused = or_(TicketClock.paused_at.is_(None), TicketClock.paused_at > TicketClock.due_at)
    passed = and_(runs, TicketClock.due_at < now, not_paused)
    late = or_(TicketClock.met_at > TicketClock.due_at, passed)
    clocks = (
        select(
            func.bool_or(or_(TicketClock.met_at.is_not(None), passed)).label("ended"),
            func.bool_or(late).label("late"),
            func.min(TicketClock.due_at)
            .filter(runs, TicketClock.due_at >= now, TicketClock.paused_at.is_(None))
            .label("due_at"),
        )
        .where(
            TicketClock.ticket_id == Ticket.id,
            TicketClock.kind == ClockKind.RESOLVE,
            TicketClock.void_at.is_(None),
        )
        .lateral("resolve")
    )
    return Facts(
        ended=func.coalesce(clocks.c.ended, False),
        late=func.coalesce(clocks.c.late, False),
        due_at=clocks.c.due_at,
        survey_over=or_(Ticket.surveyed_at.is_not(None), Ticket.state == "closed"),
        clocks=clocks,
    )


# What a rule sees by itself; which figures a reason keeps a ticket out of is the city's data (`tickets.yaml`).
RULES: dict[str, ColumnElement[bool]] = {
    "not_reached": and_(Ticket.survey_end == "not_reached", Ticket.surveyed_at.is_(None)),
    "refused": and_(Ticket.survey_end == "refused", Ticket.surveyed_at.is_(None)),
    "anonymous": and_(Ticket.survey_end == "anonymous", Ticket.surveyed_at.is_(None)),
    "withdrawn": Ticket.state == "withdrawn",
    "secret": or_(Ticket.confidential, Ticket.request_type == RequestType.TIP_OFF),
}


def excluded(code: str) -> ColumnElement[Any]:
    """Return the reason for which a ticket does not count in the figure, null where it does; a person's comes first."""
    reasons = [reason for reason in rules().exclusions if code in reason.figures]
    by_person = [reason.code for reason in reasons if reason.by == "person"]
    whens = [(FigureExclusion.reason == each, literal(each)) for each in by_person]
    whens += [(RULES[reason.code], literal(reason.code)) for reason in reasons if reason.by == "rule"]
    return case(*whens, else_=null()) if whens else null()

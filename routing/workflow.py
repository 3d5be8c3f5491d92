"""The road of a ticket: its states, and what leads from one to the next. Who may take a step: `routing.granting`."""

from functools import cache, reduce
from operator import or_
from types import SimpleNamespace

from statemachine import State, StateMachine
from statemachine.exceptions import TransitionNotAllowed
from statemachine.transition_list import TransitionList

from core.errors import Conflict
from routing.messages import say
from routing.models import Ticket


def _stay(*states: State) -> TransitionList:
    """Return what leaves each of the states as it is."""
    found: TransitionList = reduce(or_, (state.to(state) for state in states))
    return found


class TicketMachine(StateMachine):
    """States and events; the model is a `Ticket`, whose `state` it changes."""

    new = State(initial=True)
    dispatched = State()
    accepted = State()
    suspended = State()  # with the department; its clocks stand still until a date
    returned = State()  # with the centre: a department objected, or the citizen was not helped twice
    merged = State()  # follows another ticket on the same matter, its master, until that is replied
    replied = State()
    closed = State()
    withdrawn = State(final=True)

    dispatch = new.to(dispatched)
    answer = new.to(replied)
    accept = dispatched.to(accepted)
    contact = _stay(accepted)
    return_to_centre = dispatched.to(returned) | accepted.to(returned)
    uphold_return = returned.to(dispatched)
    refuse_return = returned.to(accepted, cond="was_accepted") | returned.to(dispatched)
    reassign = dispatched.to(dispatched) | accepted.to(dispatched)
    correct = _stay(new, dispatched, accepted, suspended, returned, merged, replied)
    apply = _stay(accepted)
    suspend = accepted.to(suspended)
    resume = suspended.to(accepted)
    attend = _stay(dispatched, accepted, suspended, returned)  # parts and orders, while a department has it
    reply = accepted.to(replied)
    merge = new.to(merged) | dispatched.to(merged) | accepted.to(merged) | suspended.to(merged) | returned.to(merged)
    unmerge = merged.to(dispatched, cond="has_lead") | merged.to(new)
    reply_with_master = merged.to(replied)
    # The master is withdrawn, or closed without a reply: the oldest of those that follow it stands where it stood.
    succeed_new = merged.to(new)
    succeed_dispatched = merged.to(dispatched)
    succeed_accepted = merged.to(accepted)
    succeed_suspended = merged.to(suspended)
    succeed_returned = merged.to(returned)
    split = _stay(new, dispatched, accepted, suspended, returned, replied)
    solved = replied.to(closed)
    reopen = replied.to(dispatched, cond="has_lead") | replied.to(new)
    escalate = replied.to(returned, cond="has_lead") | replied.to(new)
    close = new.to(closed) | replied.to(closed) | returned.to(closed)
    reopen_closed = closed.to(dispatched, cond="has_lead") | closed.to(new)
    dispute = closed.to(returned, cond="has_lead") | closed.to(new)
    withdraw = (
        new.to(withdrawn)
        | dispatched.to(withdrawn)
        | accepted.to(withdrawn)
        | suspended.to(withdrawn)
        | returned.to(withdrawn)
        | merged.to(withdrawn)
    )
    urge = _stay(new, dispatched, accepted, suspended, returned, merged)
    supplement = _stay(new, dispatched, accepted, suspended, returned, merged, replied)
    note = _stay(new, dispatched, accepted, suspended, returned, merged, replied, closed)  # beside the road

    def was_accepted(self) -> bool:
        """Say whether the department that leads had accepted."""
        return self.model.accepted_at is not None

    def has_lead(self) -> bool:
        """Say whether a department leads: a ticket that was answered or closed at once has none."""
        return self.model.lead is not None


STATES = tuple(state.id for state in TicketMachine.states)
FINISHED = ("replied", "closed", "withdrawn")  # nothing is left for a department to do


def events(ticket: Ticket) -> frozenset[str]:
    """Return the events that the ticket's state allows."""
    return _events(ticket.state, ticket.accepted_at is not None, ticket.lead is not None)


@cache
def _events(state: str, was_accepted: bool, has_lead: bool) -> frozenset[str]:
    """Return what all that the machine asks of a ticket allows: to make a machine takes a millisecond, for each command
    of each ticket that is shown."""
    model = SimpleNamespace(state=state, accepted_at=was_accepted or None, lead=has_lead or None)
    return frozenset(event.id for event in TicketMachine(model=model, state_field="state").allowed_events)


def move(ticket: Ticket, event: str) -> None:
    """Send the event to the ticket's machine. Raises Conflict where the state does not allow it."""
    try:
        TicketMachine(model=ticket, state_field="state").send(event)
    except TransitionNotAllowed:
        raise Conflict(say("refused.state", state=say(f"state.{ticket.state}"), command=event)) from None

"""The road of a ticket: its states, what leads from one to the next, and who may take each step."""

from dataclasses import dataclass

from statemachine import State, StateMachine
from statemachine.exceptions import TransitionNotAllowed

from core.auth import Actor, Permission
from core.errors import Conflict, Forbidden
from routing.messages import say
from routing.models import Ticket
from routing.tree import tree


class TicketMachine(StateMachine):
    """States and events; the model is a `Ticket`, whose `state` it changes."""

    new = State(initial=True)
    dispatched = State()
    accepted = State()
    returned = State()  # with the centre: a department objected, or the citizen was not helped twice
    replied = State()
    closed = State(final=True)
    withdrawn = State(final=True)

    dispatch = new.to(dispatched)
    accept = dispatched.to(accepted)
    contact = accepted.to(accepted)
    return_to_centre = dispatched.to(returned) | accepted.to(returned)
    uphold_return = returned.to(dispatched)
    refuse_return = returned.to(accepted, cond="was_accepted") | returned.to(dispatched)
    reassign = dispatched.to(dispatched) | accepted.to(dispatched)
    correct = (
        new.to(new) | dispatched.to(dispatched) | accepted.to(accepted) | returned.to(returned) | replied.to(replied)
    )
    reply = accepted.to(replied)
    solved = replied.to(closed)
    reopen = replied.to(dispatched)
    escalate = replied.to(returned)
    close = new.to(closed) | replied.to(closed) | returned.to(closed)
    withdraw = new.to(withdrawn) | dispatched.to(withdrawn) | accepted.to(withdrawn) | returned.to(withdrawn)
    urge = new.to(new) | dispatched.to(dispatched) | accepted.to(accepted) | returned.to(returned)
    supplement = (
        new.to(new) | dispatched.to(dispatched) | accepted.to(accepted) | returned.to(returned) | replied.to(replied)
    )

    def was_accepted(self) -> bool:
        """Say whether the department that leads had accepted."""
        return self.model.accepted_at is not None


STATES = tuple(state.id for state in TicketMachine.states)
FINISHED = ("replied", "closed", "withdrawn")  # nothing is left for a department to do


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the workflow: the events it may send, the permission it needs (None: the citizen with the code)."""

    events: tuple[str, ...]
    permission: Permission | None


COMMANDS: dict[str, Command] = {
    "dispatch": Command(("dispatch",), Permission.TICKET_DISPATCH),
    "accept": Command(("accept",), Permission.TICKET_HANDLE),
    "contact": Command(("contact",), Permission.TICKET_HANDLE),
    "return_to_centre": Command(("return_to_centre",), Permission.TICKET_HANDLE),
    "rule_on_return": Command(("uphold_return", "refuse_return"), Permission.TICKET_RULE),
    "reassign": Command(("reassign",), Permission.TICKET_RULE),
    "correct": Command(("correct",), Permission.TICKET_RULE),
    "reply": Command(("reply",), Permission.TICKET_HANDLE),
    "callback": Command(("solved", "reopen", "escalate"), Permission.TICKET_CALLBACK),
    "close": Command(("close",), Permission.TICKET_CALLBACK),
    "urge": Command(("urge",), None),
    "supplement": Command(("supplement",), None),
    "withdraw": Command(("withdraw",), None),
    "rate": Command(("solved", "reopen", "escalate"), None),
}


def possible(ticket: Ticket, command: str) -> bool:
    """Say whether the ticket's state allows the command."""
    events = {event.id for event in TicketMachine(model=ticket, state_field="state").allowed_events}
    if command == "return_to_centre" and ticket.return_refused:
        return False
    return not events.isdisjoint(COMMANDS[command].events)


def entitled(ticket: Ticket, command: str, actor: Actor) -> bool:
    """Say whether the actor may give the command on this ticket, whatever its state.

    Handling belongs to the department that leads. A district may send on to its own street what it leads. What the
    citizen was not helped with twice, or a department objected to, is closed by whoever rules on returns.
    """
    permission = COMMANDS[command].permission
    if actor.kind == "system":
        return True
    if permission is None:
        return actor.kind == "citizen"
    if command == "reassign" and leads(ticket, actor):
        return tree().get(ticket.lead or "").kind == "district"
    if command == "close" and ticket.state == "returned":
        return actor.may(Permission.TICKET_RULE)
    if permission is Permission.TICKET_HANDLE:
        return actor.may(permission) and leads(ticket, actor)
    return actor.may(permission)


def leads(ticket: Ticket, actor: Actor) -> bool:
    """Say whether the actor works for the department that leads on the ticket."""
    return actor.department is not None and actor.department == ticket.lead


def check(ticket: Ticket, command: str, *, actor: Actor) -> None:
    """Raise Forbidden or Conflict, in a sentence, unless the actor may give the command now."""
    if not entitled(ticket, command, actor):
        by_leader = COMMANDS[command].permission is Permission.TICKET_HANDLE and actor.department is not None
        raise Forbidden(say("refused.not_lead") if by_leader else say("refused.permission"))
    if not possible(ticket, command):
        if command == "return_to_centre" and ticket.return_refused:
            raise Conflict(say("refused.return_ruled"))
        raise Conflict(
            say("refused.state", state=say(f"state.{ticket.state}"), command=say(f"command.{command}")),
            state=ticket.state,
        )


def move(ticket: Ticket, event: str) -> None:
    """Send the event to the ticket's machine. Raises Conflict where the state does not allow it."""
    try:
        TicketMachine(model=ticket, state_field="state").send(event)
    except TransitionNotAllowed:
        raise Conflict(say("refused.state", state=say(f"state.{ticket.state}"), command=event)) from None

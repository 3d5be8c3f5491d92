"""The commands of the workflow: who may give each, and when. The states from which it is taken: `routing.workflow`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import clock
from core.auth import Actor, Permission
from core.errors import Conflict, Forbidden
from routing import workflow
from routing.applications import EXTENSION, SUSPENSION
from routing.messages import say
from routing.models import Ticket
from routing.orders import OPEN
from routing.policy import ClockKind, sla
from routing.rules import rules
from routing.tree import tree


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the events it may send, the permission staff need, and whether the citizen gives it with the code.

    `guard`: what must also hold on the ticket; its refusal is the sentence `refused.<command>`. `within`: the clock
    that must not have ended, which the caller looks at; its refusal is the sentence `refused.<command>_late`.
    """

    events: tuple[str, ...]
    permission: Permission | None
    citizen: bool = False
    guard: Callable[[Ticket, Actor], bool] | None = None
    within: ClockKind | None = None


def _may_return(ticket: Ticket, actor: Actor) -> bool:
    return not ticket.return_refused and ticket.returns < rules().returning.times


def _may_extend(ticket: Ticket, actor: Actor) -> bool:
    limits = sla().extension
    room = ticket.extensions < limits.max_times and ticket.extended_days < limits.max_working_days
    return ticket.applied is None and room


def _owes(ticket: Ticket, actor: Actor) -> bool:
    return bool(ticket.open_parts) and (actor.department is None or actor.department in ticket.open_parts)


def _may_take_part(ticket: Ticket, actor: Actor) -> bool:
    return "asked" in (
        ticket.open_parts.values() if actor.department is None else [ticket.open_parts.get(actor.department)]
    )


def _may_take_up_again(ticket: Ticket, actor: Actor) -> bool:
    limits = rules().reopening
    if ticket.closed_at is None or ticket.reopened_closed >= limits.times:
        return False
    return clock.now() <= ticket.closed_at + timedelta(days=limits.within_days)


def _may_dispute(ticket: Ticket, actor: Actor) -> bool:
    # Whoever has not answered the three questions yet says it there: one road for one word.
    return not answers_late(ticket) and _may_take_up_again(ticket, actor)


_HANDLE, _RULE, _DISPATCH = Permission.TICKET_HANDLE, Permission.TICKET_RULE, Permission.TICKET_DISPATCH

COMMANDS: dict[str, Command] = {
    "dispatch": Command(("dispatch",), _DISPATCH),
    "answer": Command(("answer",), _DISPATCH),
    "accept": Command(("accept",), _HANDLE),
    "contact": Command(("contact",), _HANDLE),
    "return_to_centre": Command(("return_to_centre",), _HANDLE, guard=_may_return, within=ClockKind.RETURN),
    "rule_on_return": Command(("uphold_return", "refuse_return"), _RULE),
    "reassign": Command(("reassign",), _RULE),
    "correct": Command(("correct",), _RULE),
    "ask_part": Command(("attend",), _DISPATCH),
    "accept_part": Command(("attend",), _HANDLE, guard=_may_take_part),
    "answer_part": Command(("attend",), _HANDLE, guard=_owes),
    "ask_extension": Command(("apply",), _HANDLE, guard=_may_extend, within=ClockKind.RESOLVE),
    "rule_on_extension": Command(("apply",), _RULE, guard=lambda ticket, _: ticket.applied == EXTENSION),
    "ask_suspension": Command(("apply",), _HANDLE, guard=lambda ticket, _: ticket.applied is None),
    "rule_on_suspension": Command(("suspend",), _RULE, guard=lambda ticket, _: ticket.applied == SUSPENSION),
    "resume": Command(("resume",), _RULE),
    "reply": Command(("reply",), _HANDLE),
    "supervise": Command(("attend",), _RULE, guard=lambda ticket, _: ticket.supervision is None),
    "answer_supervision": Command(("attend",), _HANDLE, guard=lambda ticket, _: ticket.supervision == OPEN),
    "end_supervision": Command(("note",), _RULE, guard=lambda ticket, _: ticket.supervised),
    "merge": Command(("merge",), _DISPATCH, guard=lambda ticket, _: not ticket.sealed),
    "unmerge": Command(("unmerge",), _DISPATCH),
    "split": Command(("split",), _DISPATCH),
    "link": Command(("note",), _DISPATCH),
    "unlink": Command(("note",), _DISPATCH),
    "tell_apart": Command(("note",), _DISPATCH),
    "seal": Command(("note",), _RULE, guard=lambda ticket, _: not ticket.sealed and ticket.state != "merged"),
    "unseal": Command(("note",), Permission.SETTINGS, guard=lambda ticket, _: ticket.sealed),
    "callback": Command(("solved", "reopen", "escalate"), Permission.TICKET_CALLBACK),
    "close": Command(("close",), Permission.TICKET_CALLBACK),
    "reopen": Command(("reopen_closed",), Permission.TICKET_CALLBACK, guard=_may_take_up_again),
    "urge": Command(("urge",), Permission.TICKET_OPEN, citizen=True),
    "supplement": Command(("supplement",), Permission.TICKET_OPEN, citizen=True),
    "withdraw": Command(("withdraw",), Permission.TICKET_OPEN, citizen=True),
    "rate": Command(("solved", "reopen", "escalate"), None, citizen=True),
    "dispute": Command(("dispute",), None, citizen=True, guard=_may_dispute),
}
BY_CO_HANDLERS = frozenset({"accept_part", "answer_part"})
BY_LEAD_TOO = frozenset({"ask_part", "resume"})


def possible(ticket: Ticket, command: str, actor: Actor) -> bool:
    """Say whether the ticket, as it stands, allows the command to whoever is entitled to it."""
    return _from_here(ticket, command) and _guarded(ticket, command, actor)


def answers_late(ticket: Ticket) -> bool:
    """Say whether the citizen of a ticket that was closed without their answers may still give them."""
    if ticket.state != "closed" or ticket.survey_end is None or ticket.closed_at is None:
        return False
    return clock.now() <= ticket.closed_at + timedelta(days=rules().survey.late_days)


def urged_until(ticket: Ticket) -> datetime | None:
    """Return until when it is too soon to urge again, by the pause of `tickets.yaml`; None where it is not."""
    if ticket.urged_at is None:
        return None
    again = ticket.urged_at + timedelta(minutes=rules().urging.pause_minutes)
    return again if clock.now() < again else None


def _from_here(ticket: Ticket, command: str) -> bool:
    if command == "rate" and answers_late(ticket):
        return True
    return not workflow.events(ticket).isdisjoint(COMMANDS[command].events)


def _guarded(ticket: Ticket, command: str, actor: Actor) -> bool:
    guard = COMMANDS[command].guard
    return guard is None or guard(ticket, actor)


def entitled(ticket: Ticket, command: str, actor: Actor) -> bool:
    """Say whether the actor may give the command on this ticket, whatever its state.

    Handling belongs to the department that leads, a part to the co-handler that was asked for it. A district may send
    on to its own street what it leads, a street to its own grid. What the citizen was not helped with twice, or a
    department objected to, is closed by whoever rules on returns.
    """
    permission = COMMANDS[command].permission
    if actor.kind == "system":
        return True
    if actor.kind == "citizen" or permission is None:
        return actor.kind == "citizen" and COMMANDS[command].citizen
    if command in BY_CO_HANDLERS:
        return actor.may(permission) and actor.department in ticket.co_handlers
    if command == "reassign" and leads(ticket, actor):
        return bool(tree().below(ticket.lead))
    if command in BY_LEAD_TOO and leads(ticket, actor):
        return True
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
        if command in BY_CO_HANDLERS:
            raise Forbidden(say("refused.not_co_handler"))
        by_leader = COMMANDS[command].permission is Permission.TICKET_HANDLE and actor.department is not None
        raise Forbidden(say("refused.not_lead") if by_leader else say("refused.permission"))
    if not _from_here(ticket, command):
        if ticket.state == "merged" and ticket.lead:
            raise Conflict(say("refused.merged", command=say(f"command.{command}")), state=ticket.state)
        raise Conflict(
            say("refused.state", state=say(f"state.{ticket.state}"), command=say(f"command.{command}")),
            state=ticket.state,
        )
    if not _guarded(ticket, command, actor):
        raise Conflict(say(f"refused.{_reason(ticket, command)}", **limits()), state=ticket.state)


def _reason(ticket: Ticket, command: str) -> str:
    """Return which sentence says why the guard refuses."""
    if command == "return_to_centre":
        return "return_ruled" if ticket.return_refused else "return_times"
    if command in {"ask_extension", "ask_suspension"} and ticket.applied:
        return "applied"
    if command == "seal" and not ticket.sealed:
        return "seal_merged"
    if command == "dispute" and answers_late(ticket):
        return "dispute_by_vote"
    return command


def limits() -> dict[str, Any]:
    """Return the numbers that refusals name."""
    extension, reopening = sla().extension, rules().reopening
    return {
        "returns": rules().returning.times,
        "times": extension.max_times,
        "days": extension.max_working_days,
        "within": reopening.within_days,
    }

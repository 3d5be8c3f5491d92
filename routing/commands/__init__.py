"""What is done to a ticket, one function a command.

Each takes the session and the ticket's number, locks the ticket's row, checks permission and state, changes the ticket
and its clocks, writes one event and tells who must know. None commits. Refusals are Forbidden, Conflict or BadInput
with one sentence; a ticket that the actor does not see is NotFound. A command given twice is refused the second time.
"""

from routing.commands.citizen import dispute, rate, supplement, urge, withdraw
from routing.commands.closing import call, callback, close
from routing.commands.correcting import correct
from routing.commands.dispatching import dispatch, reassign, return_to_centre, rule_on_return
from routing.commands.handling import accept, answer, contact, reply
from routing.commands.joining import link, merge, split, unlink, unmerge
from routing.commands.on_behalf import supplement_for, urge_for, withdraw_for

__all__ = [
    "accept",
    "answer",
    "call",
    "callback",
    "close",
    "contact",
    "correct",
    "dispatch",
    "dispute",
    "link",
    "merge",
    "rate",
    "reassign",
    "reply",
    "return_to_centre",
    "rule_on_return",
    "split",
    "supplement",
    "supplement_for",
    "unlink",
    "unmerge",
    "urge",
    "urge_for",
    "withdraw",
    "withdraw_for",
]

"""What is done to a ticket, one function a command.

Each takes the session and the ticket's number, locks the ticket's row, checks permission and state, changes the ticket
and its clocks, writes one event and tells who must know. None commits. Refusals are Forbidden, Conflict or BadInput
with one sentence; a ticket that the actor does not see is NotFound. A command given twice is refused the second time.
"""

from routing.commands.applying import (
    ask_extension,
    ask_suspension,
    resume,
    rule_on_extension,
    rule_on_suspension,
)
from routing.commands.citizen import dispute, rate, supplement, urge, withdraw
from routing.commands.closing import call, callback, close, reopen
from routing.commands.correcting import correct
from routing.commands.dispatching import dispatch, reassign, return_to_centre, rule_on_return
from routing.commands.handling import accept, answer, contact, reply
from routing.commands.joining import link, merge, split, tell_apart, unlink, unmerge
from routing.commands.on_behalf import supplement_for, urge_for, withdraw_for
from routing.commands.parting import accept_part, answer_part, ask_part
from routing.commands.sealing import note_reading, seal, unseal
from routing.commands.supervising import answer_supervision, end_supervision, supervise

__all__ = [
    "accept",
    "accept_part",
    "answer",
    "answer_part",
    "answer_supervision",
    "ask_extension",
    "ask_part",
    "ask_suspension",
    "call",
    "callback",
    "close",
    "contact",
    "correct",
    "dispatch",
    "dispute",
    "end_supervision",
    "link",
    "merge",
    "note_reading",
    "rate",
    "reassign",
    "reopen",
    "reply",
    "resume",
    "return_to_centre",
    "rule_on_extension",
    "rule_on_return",
    "rule_on_suspension",
    "seal",
    "split",
    "supervise",
    "supplement",
    "supplement_for",
    "tell_apart",
    "unlink",
    "unmerge",
    "unseal",
    "urge",
    "urge_for",
    "withdraw",
    "withdraw_for",
]

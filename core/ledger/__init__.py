"""The append-only record of what happened, chained by subject and signed by day.

append, append_all, first_event, history, Event, New  events, numbered and chained within their subject
checkpoints   a signed commitment to every event so far; `keys` holds what signs it
signing       makes one each day and remembers it on the machine that signed it
verify        reads events and checkpoints and says what does not hold
export        a file that an outsider checks without this program (docs/verify_ledger.py)
protection    what the database's permissions forbid
"""

from core.ledger.events import GENESIS, Event, New, append, append_all, digest, first_event, history
from core.ledger.verification import Verification, verify

__all__ = [
    "GENESIS",
    "Event",
    "New",
    "Verification",
    "append",
    "append_all",
    "digest",
    "first_event",
    "history",
    "verify",
]

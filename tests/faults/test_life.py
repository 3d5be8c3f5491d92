"""A ticket's whole life with the line killed at every step: what was asked again is done once, nothing is lost.

Two tickets go the same road (`lives`); at the next step they change places.
"""

from datetime import date, timedelta
from typing import Any

from tests.faults.lives import LEAD, REPLY, SURVEY, ended, step, two_tickets
from tests.faults.watching import Watched

PARTNER = "power_supply"
APPROVED = {"approved": True, "reason": "情况属实"}
UNTIL = (date.today() + timedelta(days=20)).isoformat()
LIFE: list[tuple[str, str, dict[str, Any]]] = [
    (LEAD, "accept", {}),
    (LEAD, "contact", {"note": "已电话联系诉求人。"}),
    ("supervisor", "part", {"department": PARTNER, "text": "请核实供电是否正常。", "working_days": 2}),
    (PARTNER, "part-answer", {"text": "供电正常。"}),
    (LEAD, "extension", {"working_days": 2, "reason": "灯具需要订货"}),
    ("supervisor", "extension-ruling", APPROVED),
    (LEAD, "suspension", {"until": UNTIL, "reason": "等待雨季结束后开挖"}),
    ("supervisor", "suspension-ruling", APPROVED),
    (LEAD, "resume", {"reason": "雨停了"}),
    (LEAD, "reply", REPLY),
    ("supervisor", "callback", SURVEY),
]


def test_a_line_killed_at_every_step_of_a_ticket_does_each_step_once(watched: Watched) -> None:
    pair = two_tickets(watched, key="life")
    for login, command, body in LIFE:
        step(watched, pair, pair, login, command, [body, body])
        pair.reverse()
    ended(watched, pair)
    watched.ledger_holds()

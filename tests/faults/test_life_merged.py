"""The life of a ticket that was merged into another, with the line killed at every step."""

from collections import Counter

from tests.faults.lives import LEAD, REPLY, SURVEY, ended, step, two_tickets
from tests.faults.watching import Watched


def test_a_line_killed_at_every_step_of_a_merged_ticket_replies_to_its_citizen_once(watched: Watched) -> None:
    """The child hangs or is committed while its master is handled; the survey is its own."""
    masters, pair = two_tickets(watched, key="master"), two_tickets(watched, key="child")
    merged = [{"into": master, "reason": "同一盏路灯"} for master in masters]
    step(watched, pair, pair, "supervisor", "merge", merged)
    for master in masters:
        assert watched.give(LEAD, f"/{master}/accept", {}).status_code == 200
    step(watched, pair, masters, LEAD, "reply", [REPLY, REPLY])
    for number in [*pair, *masters]:
        watched.line.until(lambda number=number: watched.state(number) == "replied", "replied")
        assert Counter(watched.events(number))["replied"] == 1
    step(watched, pair, pair, "supervisor", "callback", [SURVEY, SURVEY])
    ended(watched, pair)
    watched.ledger_holds()

"""A machine whose clock is wrong, and years that no calendar knows: the line goes on and says what it cannot know."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.watching import Watched
from tests.processes import REQUEST, TICKETS

LEAD = "urban_management"
LIFE = [
    ("accept", {}),
    ("contact", {"note": "已电话联系诉求人。"}),
    ("reply", {"result": "已更换灯头，路灯恢复照明。", "basis": "《城市照明管理规定》"}),
]


@contextmanager
def turned(watched: Watched, by: timedelta) -> Iterator[None]:
    """Run the line as on a machine whose clock is wrong by so much; afterwards it is right again."""
    line = watched.line
    line.stop()
    line.turned = by
    line.start(models=False)
    try:
        watched.tokens.clear()
        yield
    finally:
        line.stop()
        line.turned = timedelta(0)
        line.start(models=False)
        watched.tokens.clear()


def opened(watched: Watched) -> str:
    answer = watched.give("agent", "", REQUEST)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    watched.line.until(lambda: watched.state(number) == "dispatched", "dispatched")
    return number


def test_a_clock_that_is_set_back_loses_nothing_and_takes_no_time_away(watched: Watched) -> None:
    with turned(watched, timedelta(days=3)):
        number = opened(watched)
        assert watched.give(LEAD, f"/{number}/accept", {}).status_code == 200
        due = watched.ask("select next_due_at from tickets where number = %s", number)
    assert watched.ask("select next_due_at from tickets where number = %s", number) == due
    for command, body in LIFE[1:]:
        answer = watched.give(LEAD, f"/{number}/{command}", body)
        assert answer.status_code == 200, answer.text
    assert watched.events(number) == ["opened", "dispatched", "accepted", "contacted", "replied"]
    late = "select count(*) from ticket_clocks c join tickets t on t.id = c.ticket_id where number = %s and {}"
    assert watched.ask(late.format("breached_at is not null"), number) == [(0,)]
    another = opened(watched)  # numbers of today go on where they were
    assert another != number and len(watched.ask("select id from tickets where number = %s", another)) == 1
    watched.ledger_holds()


@pytest.mark.parametrize("year", [2031, 2105])
def test_in_a_year_without_a_calendar_a_ticket_goes_its_road_and_its_time_is_provisional(
    watched: Watched, year: int
) -> None:
    far = datetime(year, 3, 5, 2, tzinfo=UTC) - datetime.now(UTC)
    with turned(watched, far):
        number = opened(watched)
        shown = watched.call("supervisor", f"{TICKETS.removeprefix('/api/v1/staff')}/{number}").json()
        assert all(each["provisional"] for each in shown["clocks"]), shown["clocks"]
        assert all(each["due_at"].startswith(str(year)) for each in shown["clocks"])
        for command, body in LIFE:
            answer = watched.give(LEAD, f"/{number}/{command}", body)
            assert answer.status_code == 200, answer.text
        assert watched.state(number) == "replied"
    watched.ledger_holds()

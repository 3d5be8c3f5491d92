"""The embedded PostgreSQL dies under a running line: the line starts it again and goes on, its worker too."""

from functools import partial

from tests.faults.test_life import LEAD, two_tickets
from tests.faults.watching import Watched


def test_a_line_outlives_its_database(watched: Watched) -> None:
    hanging, committed = two_tickets(watched, key="database")
    calls = {
        number: partial(watched.give, LEAD, f"/{number}/accept", {}, f"accept-{number}")
        for number in (hanging, committed)
    }
    first, second = watched.in_the_middle(
        hanging=(hanging, calls[hanging]),
        committed=(committed, calls[committed]),
        kill=watched.kill_the_database,
    )
    assert first.result().status_code == 503
    assert first.result().json()["detail"] in {"数据库连接中断，请稍后再试。", "数据库暂时连接不上，请稍后再试。"}
    assert second.result().status_code in {200, 503}  # its answer may have been faster than the kill
    for number, call in calls.items():
        answers = [call(), call()]
        assert [each.status_code for each in answers] == [200, 200], answers[0].text
        assert answers[0].content == answers[1].content
        assert watched.events(number) == ["opened", "dispatched", "accepted"]
    assert all(watched.state(number) == "dispatched" for number in two_tickets(watched, key="after"))
    watched.ledger_holds()

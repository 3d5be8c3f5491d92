"""The worker in a process of its own is killed; the web app goes on, and another worker does what was left."""

from collections.abc import Iterator

import httpx
import pytest

from tests.faults.watching import Watched
from tests.processes import REQUEST, Line


@pytest.fixture
def apart(line: Line) -> Iterator[tuple[Watched, Line]]:
    """The line's folder, served by a web app and a worker apart."""
    line.stop()
    web, worker = Line(line.data, "web"), Line(line.data, "worker")
    web.accounts = line.accounts
    try:
        web.start(models=False)
        worker.start()
        yield Watched(web), worker
    finally:
        for each in (worker, web):
            if each.is_running():
                each.stop()


def test_a_killed_worker_takes_no_ticket_with_it(apart: tuple[Watched, Line]) -> None:
    watched, worker = apart
    number = watched.next_number()
    with watched.next_event_held(number, known=1) as holding:
        assert watched.give("agent", "", REQUEST).json()["number"] == number
        watched.until_waiting(holding)
        worker.kill()
    assert httpx.get(f"{watched.line.url}/readyz", timeout=60).status_code in {200, 503}
    shown = watched.call("agent", f"/tickets/{number}")
    assert (shown.status_code, shown.json()["state"]) == (200, "new")
    after = watched.give("agent", "", REQUEST)  # the citizen notices nothing: a number at once
    assert after.status_code == 201
    watched.take_for_dead()
    worker.start()
    for each in (number, after.json()["number"]):
        watched.line.until(lambda each=each: watched.state(each) == "dispatched", "dispatched")
        assert watched.events(each) == ["opened", "dispatched"]

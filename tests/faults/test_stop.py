"""A line that is told to stop: it lets its worker and its database end, and has nothing to complain about."""

import signal

import httpx
import pytest

from tests.processes import Line


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_line_stops_with_its_database(line: Line, by: signal.Signals) -> None:
    before = len(line.log())
    with httpx.Client(base_url=line.url, timeout=30) as client:
        opened = client.post("/api/v1/conversations").json()
        headers = {"Authorization": f"Bearer {opened['token']}"}
        with client.stream("GET", f"/api/v1/conversations/{opened['id']}/events", headers=headers) as stream:
            next(stream.iter_lines())
            assert line.stop(by) == 0
    assert not (line.data / "postgresql" / "postmaster.pid").exists()
    said = line.log()[before:]
    assert "worker.stopped" in said
    assert '"error"' not in said

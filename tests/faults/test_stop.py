"""A line that is told to stop: it lets its worker and its database end, and has nothing to complain about."""

import signal
from pathlib import Path

import httpx
import pytest

from tests.processes import Line


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_line_stops_with_its_database(tmp_path: Path, by: signal.Signals) -> None:
    line = Line(tmp_path / "a line", YITONG_LOG_FORMAT="json")
    line.start()
    with httpx.Client(base_url=line.url, timeout=30) as client:
        opened = client.post("/api/v1/conversations").json()
        headers = {"Authorization": f"Bearer {opened['token']}"}
        with client.stream("GET", f"/api/v1/conversations/{opened['id']}/events", headers=headers) as stream:
            next(stream.iter_lines())
            assert line.stop(by) == 0
    assert not (line.data / "postgresql" / "postmaster.pid").exists()
    assert "worker.stopped" in line.log()
    assert '"error"' not in line.log()

"""The embedded PostgreSQL dies under a running line: the line starts it again and goes on, its worker too."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import Line

RECOVERY_SECONDS = 90
TICKETS = "/api/v1/staff/tickets"
REQUEST = {
    "request_type": "assistance",
    "category": "utilities.lighting.lamp_out",
    "urgency": "general",
    "title": "建设路12号门前路灯不亮",
    "description": "建设路12号门前的路灯坏了三天，晚上很黑。",
    "district": "zhaoxia",
    "street": "zhaoxia_gulou",
    "name": "王先生",
    "phone": "13800138000",
}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "a line")
    made.start()
    yield made
    made.stop()


def until(condition: Callable[[], bool], what: str, line: Line) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} not within {RECOVERY_SECONDS} s:\n{line.log()[-4000:]}"
        time.sleep(0.5)


def test_a_line_outlives_its_database(line: Line) -> None:
    postmaster = line.data / "postgresql" / "postmaster.pid"
    killed = int(postmaster.read_text().splitlines()[0])
    os.kill(killed, signal.SIGKILL)
    with httpx.Client(base_url=line.url, timeout=60) as client:
        until(lambda: int(postmaster.read_text().splitlines()[0]) != killed, "a new server", line)
        until(lambda: client.get("/readyz").status_code == 200, "ready again", line)
        answer = client.post(
            "/api/v1/staff/session", json={"login": "supervisor", "password": line.password("supervisor")}
        )
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        opened = client.post(TICKETS, json=REQUEST)
        assert opened.status_code == 201, opened.text
        number = opened.json()["number"]
        until(lambda: client.get(f"{TICKETS}/{number}").json()["state"] == "dispatched", "dispatched", line)

"""A ticket's whole life with the line killed at every step: what was asked again is done once, nothing is lost.

Two tickets go the same road. At each step the command of the one hangs in the middle of its transaction and that of the
other has just been committed, its answer unread, when the line is killed (kill -9); both are then given again with the
same Idempotency-Key. At the next step they change places.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.processes import ROOT, Line

SECONDS = 60
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
LEAD, PARTNER = "urban_management", "power_supply"
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
    (LEAD, "reply", {"result": "已更换灯头，路灯恢复照明。", "basis": "《城市照明管理规定》"}),
    ("supervisor", "callback", {"contacted": True, "solved": True, "satisfied": 5}),
]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "line")
    made.start()
    yield made
    made.stop()


class Watched:
    """The line, its database seen from beside it, and who is signed in."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.tokens: dict[str, str] = {}

    def database(self) -> "psycopg.Connection[Any]":
        written = (self.line.data / "postgresql" / "postmaster.pid").read_text().splitlines()
        return psycopg.connect(host=written[4], port=written[3], user="postgres", dbname="yitong", autocommit=True)

    def ask(self, query: str, *values: Any) -> list[Any]:
        with self.database() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def until(self, condition: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what} not within {SECONDS} s:\n{self.line.log()[-3000:]}"
            time.sleep(0.005)

    def give(self, login: str, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        with httpx.Client(base_url=self.line.url, timeout=SECONDS) as client:
            if login not in self.tokens:
                credentials = {"login": login, "password": self.line.password(login)}
                self.tokens[login] = client.post("/api/v1/staff/session", json=credentials).json()["token"]
            headers = {"Authorization": f"Bearer {self.tokens[login]}", "Idempotency-Key": key}
            return client.post(f"{TICKETS}{path}", json=body, headers=headers)

    def events(self, number: str) -> list[str]:
        found = self.ask("select kind from events where subject = %s order by number", f"ticket:{number}")
        return [kind for (kind,) in found]

    def state(self, number: str) -> str:
        return str(self.ask("select state from tickets where number = %s", number)[0][0])

    def kill_in_the_middle(self, hanging: str, committed: str, give: Callable[[str], httpx.Response]) -> None:
        """Kill the line while `give(hanging)` waits inside its transaction and `give(committed)` is just committed."""
        before = {number: self.events(number) for number in (hanging, committed)}
        with (
            ThreadPoolExecutor(2) as pool,
            self.database() as watching,
            self.database() as holding,
            holding.transaction(force_rollback=True),
        ):
            # The number of its next event, taken and not committed: the command waits for it.
            holding.execute(
                "insert into events (subject, number, at, actor, kind, data, previous, hash)"
                " select subject, number + 1, at, actor, kind, data, previous, hash from events"
                " where subject = %s order by number desc limit 1",
                (f"ticket:{hanging}",),
            )
            first = pool.submit(give, hanging)
            waiting = "select from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
            pid = holding.info.backend_pid
            self.until(lambda: first.done() or watching.execute(waiting, (pid,)).fetchone() is not None, "waits")
            assert not first.done(), first.result().text
            second = pool.submit(give, committed)
            count = "select count(*) from events where subject = %s"
            known = (len(before[committed]),)
            self.until(lambda: watching.execute(count, (f"ticket:{committed}",)).fetchone() != known, "committed")
            self.line.kill()
            with pytest.raises(httpx.TransportError):
                first.result()
            with suppress(httpx.TransportError):  # its answer may have been faster than the kill
                assert second.result().is_success
        assert self.events(hanging) == before[hanging]


def revive(watched: Watched) -> None:
    """Start the line again; the jobs of the dead one are taken up at once, as a minute later."""
    watched.line.start()
    with watched.database() as connection:
        connection.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")


def test_a_line_killed_at_every_step_of_a_ticket_does_each_step_once(line: Line) -> None:
    watched = Watched(line)
    pair = []
    for key in ("one", "two"):
        first = watched.give("agent", "", REQUEST, key)
        assert first.status_code == 201, first.text
        assert watched.give("agent", "", REQUEST, key).json() == first.json()
        pair.append(first.json()["number"])
    for number in pair:
        watched.until(lambda number=number: watched.state(number) == "dispatched", "dispatched")
    for index, (login, command, body) in enumerate(LIFE):

        def give(
            number: str, login: str = login, command: str = command, body: dict[str, Any] = body
        ) -> httpx.Response:
            return watched.give(login, f"/{number}/{command}", body, f"{command}-{number}")

        hanging, committed = pair if index % 2 else reversed(pair)
        known = {number: len(watched.events(number)) for number in pair}
        watched.kill_in_the_middle(hanging, committed, give)
        revive(watched)
        for number in pair:
            answers = [give(number), give(number)]
            assert [answer.status_code for answer in answers] == [200, 200], (command, answers[0].text)
            assert answers[0].content == answers[1].content
        new = [watched.events(number)[known[number] :] for number in pair]
        assert new[0] == new[1], command
        assert max(Counter(new[0]).values()) == 1, new
    for number in pair:
        assert watched.state(number) == "closed"
    running = "select ticket_id, kind from ticket_clocks where met_at is null and void_at is null"
    assert watched.ask(running) == []
    assert watched.ask("select number from tickets where next_due_at is not null") == []
    verified = subprocess.run(
        [sys.executable, "-m", "admin", "--data", str(line.data), "ledger", "verify"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr

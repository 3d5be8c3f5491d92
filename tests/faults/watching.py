"""The line seen from beside it: its database, who is signed in, and moments in which it can be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from tests.processes import ROOT, TICKETS, Line

Connection = psycopg.Connection[Any]
ANSWER_SECONDS = 120


class Watched:
    """A line in processes of its own. `line`: the one that answers; whoever works may be another."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.tokens: dict[str, str] = {}

    def database(self) -> Connection:
        written = (self.line.data / "postgresql" / "postmaster.pid").read_text().splitlines()
        return psycopg.connect(host=written[4], port=written[3], user="postgres", dbname="yitong", autocommit=True)

    def ask(self, query: str, *values: Any) -> list[Any]:
        with self.database() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def call(
        self, login: str, path: str, body: dict[str, Any] | None = None, *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """Ask for `path` below /api/v1/staff as the account; with a body it is a POST."""
        with httpx.Client(base_url=self.line.url, timeout=ANSWER_SECONDS) as client:
            if login not in self.tokens:
                credentials = {"login": login, "password": self.line.password(login)}
                self.tokens[login] = client.post("/api/v1/staff/session", json=credentials).json()["token"]
            headers = {"Authorization": f"Bearer {self.tokens[login]}"} | ({"Idempotency-Key": key} if key else {})
            method = "GET" if body is None and not options else "POST"
            return client.request(method, f"/api/v1/staff{path}", json=body, headers=headers, **options)

    def give(self, login: str, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Open a ticket (no path), or give a command on one (`/<number>/<command>`)."""
        return self.call(login, TICKETS.removeprefix("/api/v1/staff") + path, body, key=key)

    def events(self, number: str) -> list[str]:
        found = self.ask("select kind from events where subject = %s order by number", f"ticket:{number}")
        return [kind.removeprefix("ticket.") for (kind,) in found]

    def state(self, number: str) -> str:
        return str(self.ask("select state from tickets where number = %s", number)[0][0])

    def next_number(self, after: int = 1) -> str:
        """Return the number that today's next ticket (or that so many after it) will have; there was one today."""
        # Another test's clock may have been years ahead.
        query = (
            "select day, last_value - base from ticket_numbers, tickets_id_seq"
            " where day <= (now() at time zone 'Asia/Shanghai')::date order by day desc limit 1"
        )
        day, given = self.ask(query)[0]
        return f"{day:%Y%m%d}-{given + after:06d}"

    @contextmanager
    def next_event_held(self, number: str, *, known: int | None = None) -> Iterator[Connection]:
        """Take the number of the ticket's next event and do not commit: who writes that event waits in its transaction.

        `known`: how many events it will have by then; left out, those that it has.
        """
        known = len(self.events(number)) if known is None else known
        with self.database() as holding, holding.transaction(force_rollback=True):
            holding.execute(
                "insert into events (subject, number, at, actor, kind, data, previous, hash)"
                " select %s, %s, at, actor, kind, data, previous, hash from events limit 1",
                (f"ticket:{number}", known + 1),
            )
            yield holding

    @contextmanager
    def row_held(self, query: str, *values: Any) -> Iterator[Connection]:
        """Lock the rows of a query: who wants to change them waits."""
        with self.database() as holding, holding.transaction(force_rollback=True):
            holding.execute(query.encode(), values)
            yield holding

    def until_waiting(self, holding: Connection, *, unless: "Future[httpx.Response] | None" = None) -> None:
        """Wait until somebody waits for what `holding` has locked."""
        pid = holding.info.backend_pid
        with self.database() as watching:

            def waits() -> bool:
                assert unless is None or not unless.done(), unless.result().text
                found = watching.execute("select from pg_stat_activity where %s = any(pg_blocking_pids(pid))", (pid,))
                return found.fetchone() is not None

            self.line.until(waits, "somebody waits")

    def in_the_middle(
        self,
        *,
        hanging: tuple[str, Callable[[], httpx.Response]],
        committed: tuple[str, Callable[[], httpx.Response]],
        kill: Callable[[], None],
    ) -> "list[Future[httpx.Response]]":
        """Kill while one call waits inside its transaction, at its ticket's next event, and the other has committed.

        Each is the ticket's number and the call. Returns what came of both calls.
        """
        (of, call), (other, other_call) = hanging, committed
        before, known = self.events(of), len(self.events(other))
        with ThreadPoolExecutor(2) as pool, self.next_event_held(of) as holding:
            first = pool.submit(call)
            self.until_waiting(holding, unless=first)
            second = pool.submit(other_call)
            with self.database() as watching:

                def is_committed() -> bool:
                    assert not second.done() or second.result().is_success, second.result().text
                    more = "select from events where subject = %s and number > %s"
                    return watching.execute(more, (f"ticket:{other}", known)).fetchone() is not None

                self.line.until(is_committed, "committed")
            kill()
        assert self.events(of) == before
        return [first, second]

    def kill_the_database(self) -> None:
        """Kill the embedded server and all that it serves, and wait until the line has started it again."""
        postmaster = self.line.data / "postgresql" / "postmaster.pid"
        killed = int(postmaster.read_text().splitlines()[0])
        os.kill(killed, signal.SIGKILL)
        self.line.until(lambda: postmaster.exists() and _pid(postmaster.read_text()) not in {killed, 0}, "a new server")
        with httpx.Client(base_url=self.line.url, timeout=ANSWER_SECONDS) as client:
            self.line.until(lambda: client.get("/readyz").status_code == 200, "ready again")

    def take_for_dead(self) -> None:
        """Have the jobs of killed workers taken up by the next one that starts, as a minute later."""
        with self.database() as connection:
            connection.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")

    def revive(self) -> None:
        """Start the line again; the jobs of the dead one are taken up at its start."""
        self.take_for_dead()
        self.line.start(models=False)

    def ledger_holds(self) -> None:
        verified = subprocess.run(
            [sys.executable, "-m", "admin", "--data", str(self.line.data), "ledger", "verify"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stdout + verified.stderr


def _pid(written: str) -> int:
    first = written.partition("\n")[0]
    return int(first) if first.isdigit() else 0

"""A line in a process of its own, as an operator starts it: for tests in the browser and tests that kill it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
DONE_SECONDS = 150  # a job of a process that was killed is taken up again after a minute of silence
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
# As on a machine whose clock is wrong: the program's, not the database's.
TURNED = """
import sys; from datetime import timedelta
from admin.cli import main; from core import clock
with clock.set_to(clock.now() + timedelta(seconds=float(sys.argv.pop(1))), running=True): main()
"""


def lend_vectors(data: Path) -> None:
    """Make a data folder that shares the vectors which this run of tests has computed."""
    data.mkdir(exist_ok=True)
    (data / "cache").symlink_to((Path(os.environ["YITONG_DATA"]) / "cache").resolve())


class Line:
    """A process of the line on a data folder; the port is the system's choice at the first start and kept afterwards.

    `command`: `serve`, or `web` and `worker` for the two apart; `turned`: how wrong its clock is.
    """

    def __init__(
        self, data: Path, command: str = "serve", *, turned: timedelta = timedelta(0), **settings: str
    ) -> None:
        self.data = data
        self.command = command
        self.turned = turned
        self.settings = settings
        self.url = ""
        self.accounts: dict[str, str] = {}
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._errors = data.parent / f"{data.name}.log"

    def start(self, *, models: bool = True) -> None:
        """Start it and wait until it says that it is ready and, where asked for, its models are loaded."""
        if not self.data.exists():
            lend_vectors(self.data)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YITONG_")}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "YITONG_WEB_PROCESSES": "1", **self.settings}
        program = ["-c", TURNED, str(self.turned.total_seconds())] if self.turned else ["-m", "admin"]
        port = [] if self.command == "worker" else ["--port", str(self.port)]
        with self._errors.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *program, "--data", str(self.data), self.command, *port],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
                start_new_session=True,
            )
        lines: Queue[str] = Queue()
        threading.Thread(target=self._read, args=(self._process, lines), daemon=True).start()
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                line = lines.get(timeout=max(deadline - time.monotonic(), 0.1))
            except Empty:
                raise AssertionError(f"not ready after {READY_SECONDS} s:\n{self.log()}") from None
            assert not line.startswith("ended with"), f"{line}:\n{self.log()[-4000:]}"
            if account := re.match(r"  (\S+|<department code>)\s+([a-z0-9]{12})   ", line):
                self.accounts[account[1]] = account[2]
            if line.startswith("Yitong's worker is ready"):
                return
            if ready := re.match(r"Yitong is ready: (http://\S+:(\d+))", line):
                self.url, self.port = ready[1], int(ready[2])
                break
        if models:
            with httpx.Client(base_url=self.url) as client:
                self.until(lambda: client.get("/readyz").status_code == 200, "models loaded")

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until the condition holds."""
        deadline = time.monotonic() + DONE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what} not within {DONE_SECONDS} s:\n{self.log()[-4000:]}"
            time.sleep(0.02)

    @contextmanager
    def signed_in(self, login: str) -> Iterator[httpx.Client]:
        """Give a client with the account's bearer token."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            credentials = {"login": login, "password": self.password(login)}
            answer = client.post("/api/v1/staff/session", json=credentials)
            assert answer.status_code == 201, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield client

    def _read(self, process: subprocess.Popen[str], lines: "Queue[str]") -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
        lines.put(f"ended with {process.wait()}")

    def kill(self) -> None:
        """Kill it as a power cut would (kill -9)."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Return its process."""
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        """Say whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does or a service manager (SIGTERM), and return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(by)
        return self._process.wait(timeout=30)

    def password(self, login: str) -> str:
        """Return the password that the first start printed."""
        return self.accounts.get(login) or self.accounts["<department code>"]

    def log(self) -> str:
        """Return what it wrote on standard error."""
        return self._errors.read_text()


class RasaServer:
    """The real Rasa, as `./yitong rasa start` runs it beside the line of a data folder."""

    def __init__(self, data: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._environment = os.environ | {"YITONG_DATA": str(data), "YITONG_RASA_URL": self.address}
        self._process: subprocess.Popen[str] | None = None

    def start(self, **changed: str) -> None:
        """Start it with these settings, trained where it must be, and wait until it is ready."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "admin", "rasa", "start"],
            cwd=ROOT,
            env=self._environment | changed,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said == f"Rasa is ready: {self.address}\n", said

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def rasa(self) -> psutil.Process:
        """Return the process of Rasa itself."""
        assert self._process is not None
        (found,) = psutil.Process(self._process.pid).children()
        return found


def free_port() -> int:
    """Return a port of loopback that nothing holds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port

"""A line in a process of its own, as an operator starts it: for tests in the browser and tests that kill it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue

import httpx

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120


def lend_vectors(data: Path) -> None:
    """Make a data folder that shares the vectors which this run of tests has computed."""
    data.mkdir(exist_ok=True)
    (data / "cache").symlink_to((Path(os.environ["YITONG_DATA"]) / "cache").resolve())


class Line:
    """`yitong serve` on a data folder; the port is the system's choice at the first start and kept afterwards."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.settings = settings
        self.url = ""
        self.accounts: dict[str, str] = {}
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._errors = data.parent / f"{data.name}.log"

    def start(self) -> None:
        """Start it and wait until it says that it is ready and its models are loaded."""
        if not self.data.exists():
            lend_vectors(self.data)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YITONG_")}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **self.settings}
        with self._errors.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "admin", "--data", str(self.data), "serve", "--port", str(self.port)],
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
            if account := re.match(r"  (\S+|<department code>)\s+([a-z0-9]{12})   ", line):
                self.accounts[account[1]] = account[2]
            if ready := re.match(r"Yitong is ready: (http://\S+:(\d+))", line):
                self.url, self.port = ready[1], int(ready[2])
                break
        with httpx.Client(base_url=self.url) as client:
            while client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline, f"models not loaded after {READY_SECONDS} s:\n{self.log()}"
                time.sleep(0.1)

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

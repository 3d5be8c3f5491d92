"""The line with several web processes on one port: they share the work, one that dies is replaced, none outlives it."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.processes import Line

COUNT = 2


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    made = Line(tmp_path_factory.mktemp("web processes") / "a line", YITONG_WEB_PROCESSES=str(COUNT))
    made.start(models=False)
    yield made
    made.stop()


def webs(line: Line) -> list[psutil.Process]:
    """Return the web processes of a line."""
    found = []
    for each in psutil.Process(line.pid).children():
        with suppress(psutil.ZombieProcess):  # until it is taken off the list
            found += [each] if "--share-port" in each.cmdline() else []
    return found


def soon(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(line: Line, path: str) -> httpx.Response:
    """Ask on a connection of its own, which either of them may take."""
    return httpx.get(f"{line.url}{path}", timeout=60)


def test_they_share_the_port_and_one_that_dies_is_replaced(line: Line) -> None:
    first, second = webs(line)
    for _ in range(40):
        assert ask(line, "/healthz").status_code == 200
    counted = re.search(r'yitong_http_requests_total\{.*"/healthz".*\} ([\d.]+)', ask(line, "/metrics").text)
    assert counted and float(counted[1]) == 40, "whoever answers tells of both"
    first.kill()
    soon(lambda: len(webs(line)) == COUNT and first.pid not in [each.pid for each in webs(line)])
    soon(lambda: "web.ended" in line.log())
    assert second.is_running()
    (worker,) = [each for each in psutil.Process(line.pid).children() if "worker" in each.cmdline()]
    assert worker.nice() > second.nice(), "who waits for an answer goes before a job"
    worker.kill()
    soon(lambda: "worker.ended" in line.log())
    soon(lambda: ask(line, "/healthz").status_code == 200)


def test_a_second_start_on_the_port_says_that_it_is_in_use(line: Line, tmp_path: Path) -> None:
    other = Line(tmp_path / "another", YITONG_WEB_PROCESSES=str(COUNT))
    other.port = line.port
    with pytest.raises(AssertionError, match=f"Port {line.port} is in use"):
        other.start(models=False)


def test_a_conversation_goes_on_whichever_of_them_answers(line: Line) -> None:
    opened = httpx.post(f"{line.url}/api/v1/conversations", timeout=60).json()
    path = f"{line.url}/api/v1/conversations/{opened['id']}/messages"
    token = {"Authorization": f"Bearer {opened['token']}"}
    for place, text in enumerate(
        ("朝霞区南山路18号门口的路灯坏了三天了", "昨天晚上开始的", "我叫王小明，电话13800138000")
    ):
        answer = httpx.post(path, json={"text": text}, headers=token | {"Idempotency-Key": str(place)}, timeout=120)
        assert answer.status_code == 200, answer.text
    (ticket,) = [each for each in answer.json()["replies"] if each["type"] == "ticket"]
    shown = f"/api/v1/tickets/{ticket['number']}?code={ticket['code']}"
    soon(lambda: ask(line, shown).json()["state"] == "dispatched")  # by the worker, beside them


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_none_outlives_the_line(tmp_path: Path, how: signal.Signals) -> None:
    line = Line(tmp_path / "a line", YITONG_WEB_PROCESSES=str(COUNT))
    line.start(models=False)
    running = webs(line)
    assert len(running) == COUNT
    if how is signal.SIGKILL:
        line.kill()
    else:
        assert line.stop(how) == 0
    soon(lambda: not any(each.is_running() for each in running), 2)

"""What an operator reads when the line cannot start: one sentence, exit 1, nothing on standard output."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from admin import service
from core.errors import Unavailable
from core.settings import ROOT, settings


def yitong(*arguments: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YITONG_")}
    return subprocess.run(
        [sys.executable, "-m", "admin", "--data", str(data), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment | {"PYTHONPATH": str(ROOT), **settings},
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], words: str, status: int = 1) -> None:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = yitong("serve", "--port", str(taken.getsockname()[1]), data=tmp_path)
    assert_one_sentence(done, "in use; stop the program that holds it, or choose another with --port")


def test_a_broken_data_folder(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "rubbish").write_text("x")
    assert_one_sentence(yitong("serve", "--port", "0", data=tmp_path), "restore your backup")


@pytest.mark.parametrize("command", ["web --port 0", "ledger verify"])
def test_no_database(tmp_path: Path, command: str) -> None:
    address = "postgresql://nobody@127.0.0.1:1/nothing"
    done = yitong(*command.split(), data=tmp_path, YITONG_DATABASE_URL=address)
    assert_one_sentence(done, "YITONG_DATABASE_URL")
    assert done.stderr.isascii()


def test_a_city_folder_that_is_not_there(tmp_path: Path) -> None:
    done = yitong("serve", "--port", "0", data=tmp_path, YITONG_CITY=str(tmp_path / "nowhere"))
    assert_one_sentence(done, "city.yaml is missing", status=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YITONG_PORT", "many"),
        ("YITONG_DIALOGUE", "oracle"),
        ("YITONG_LOCALE", "fr"),
        ("YITONG_DATABASE_URL", "mysql://city:secret@db/yitong"),
        ("YITONG_MESSAGE_RATE", "a few"),
        ("YITONG_TRUSTED_PROXIES", "10.0.0.1, the balancer"),
        ("YITONG_WECHAT_ENCODING_AES_KEY", "secret"),
    ],
)
def test_a_setting_that_makes_no_sense(tmp_path: Path, name: str, value: str) -> None:
    done = yitong("settings", data=tmp_path, **{name: value})
    assert_one_sentence(done, name, status=2)
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("trusted", "believed"),
    [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("10.0.0.0/8,127.0.0.1", "203.0.113.9")],
)
async def test_only_a_named_proxy_says_who_calls(monkeypatch: pytest.MonkeyPatch, trusted: str, believed: str) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"][0])

    monkeypatch.setattr(service, "create_app", lambda **_named: app)
    monkeypatch.setattr(settings(), "trusted_proxies", trusted)
    config = service._config(with_worker=False)
    config.load()
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
    await config.loaded_app(scope, None, None)  # type: ignore[arg-type]
    assert seen == [believed]


async def test_a_line_whose_worker_broke_stops_with_a_sentence(
    migrated: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken() -> None:
        raise RuntimeError

    async def nothing() -> None:
        pass

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(service, "create_app", lambda **_named: FastAPI())
    monkeypatch.setattr(service, "_first_time", nothing)
    monkeypatch.setattr(service.jobs, "work", broken)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="worker broke"):
            await asyncio.wait_for(service._run(listening, with_worker=True), 10)
    for number, handler in handlers.items():
        signal.signal(number, handler)


async def test_an_answer_does_not_wait_until_its_head_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "port", 0)
    listening = service._listen()
    delays: list[bool] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delays.append(not writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(accept, sock=listening):
        reader, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        await reader.read()
        writer.close()
    assert delays == [False]

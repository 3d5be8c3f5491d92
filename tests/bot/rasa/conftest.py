"""A line that is set to use Rasa: a small server that behaves as told, and the real one."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import turns
from bot.rasa import RasaEngine, place
from core.settings import settings
from tests.processes import RasaServer, free_port

Behaviour = Callable[[dict[str, Any]], Awaitable[tuple[int, bytes]]]


class Pretender:
    """A server on loopback where Rasa is thought to be; `behaviour` makes of a message its status and body."""

    def __init__(self) -> None:
        self.behaviour: Behaviour = silent
        self.messages: list[dict[str, Any]] = []
        self.headers: list[bytes] = []
        self.serving: list[asyncio.Task[Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        current = asyncio.current_task()
        assert current is not None
        self.serving.append(current)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
                message = json.loads(await reader.readexactly(int(length.split(b":")[1])))
                self.headers.append(head)
                self.messages.append(message)
                status, body = await self.behaviour(message)
                writer.write(b"HTTP/1.1 %d Said\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def silent(message: dict[str, Any]) -> tuple[int, bytes]:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("never")


@pytest.fixture
async def set_to_rasa(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], RasaEngine]]:
    """Give a way to set the line to the Rasa at an address, with an engine that knows nothing of it yet."""
    made: list[RasaEngine] = []

    def set_to(address: str) -> RasaEngine:
        made.append(RasaEngine())
        monkeypatch.setitem(turns.ENGINES, "rasa", made[-1])
        monkeypatch.setenv("YITONG_DIALOGUE", "rasa")
        monkeypatch.setenv("YITONG_RASA_URL", address)
        settings.cache_clear()
        return made[-1]

    yield set_to
    for engine in made:
        await engine.close()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
async def pretender(set_to_rasa: Callable[[str], RasaEngine]) -> AsyncIterator[Pretender]:
    made = Pretender()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    set_to_rasa(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    yield made
    server.close()
    for each in made.serving:
        each.cancel()
    await asyncio.gather(*made.serving, return_exceptions=True)


@pytest.fixture(scope="session")
def rasa_server(data_folder: Path, unused_port: int) -> Iterator[RasaServer]:
    place.python()  # whoever asks for these tests has installed it
    server = RasaServer(data_folder, unused_port)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def unused_port() -> int:
    return free_port()

"""The HTTP between this process and Rasa, on loopback: turns go out, and Rasa asks back for the actions of each.

Rasa is told a port with every turn, so that each process runs the actions of its own turns, in their transaction.
"""

import asyncio
import hmac
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.privacy import key_for
from core.settings import settings

PATH = "/webhooks/yitong/turn"
MOST_ACTIONS = 30  # that are done in a turn; Rasa itself ends one after ten


def token() -> str:
    """Return what Rasa and the line know each other by: derived from the line's secret key, never stored."""
    return key_for("rasa").hex()


class Failed(Exception):
    """Rasa did not answer as it should; its text says how, in a word or two for the log."""


@dataclass(slots=True)
class Asked:
    """An action that Rasa asks for. `answer`: what it is told, or None where the action is rejected."""

    action: str
    answer: "asyncio.Future[dict[str, Any] | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Door:
    """The open turns of one process, the listener where Rasa asks for their actions, and the client to Rasa."""

    def __init__(self) -> None:
        self._open: dict[str, Exchange] = {}
        self._client = httpx.AsyncClient(trust_env=False, timeout=None)
        self._socket = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Route("/", self._acts, methods=["POST"])])
        self._server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="rasa-actions")

    @property
    def port(self) -> int:
        """Return the port on loopback."""
        port: int = self._socket.getsockname()[1]
        return port

    async def close(self) -> None:
        """Let go of the port and of connections to Rasa."""
        self._server.should_exit = True
        await self._serving
        await self._client.aclose()

    @asynccontextmanager
    async def turn(self, message: dict[str, Any], *, patience: float) -> AsyncIterator["Exchange"]:
        """Send a turn to Rasa; leaving it, nothing more is done for it, whatever Rasa still asks.

        `patience`: seconds of silence that are borne in the whole turn.
        """
        id = secrets.token_urlsafe(16)
        posting = asyncio.create_task(self._post({**message, "turn": id, "port": self.port}))
        exchange = self._open[id] = Exchange(posting, patience)
        try:
            yield exchange
        finally:
            del self._open[id]
            exchange.refuse()
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)

    async def _post(self, message: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token()}"}
        try:
            answer = await self._client.post(f"{settings().rasa_url}{PATH}", json=message, headers=headers)
        except httpx.HTTPError as error:
            raise Failed(f"unreachable: {type(error).__name__}") from None
        if answer.status_code != httpx.codes.OK:
            raise Failed(f"status {answer.status_code}")
        try:
            said = answer.json()
        except ValueError:
            raise Failed("no JSON") from None
        if not isinstance(said, dict) or not said.get("messages"):
            raise Failed("empty")
        return said

    async def _acts(self, request: Request) -> Response:
        """Rasa's action server protocol: `{next_action, sender_id, …}` in, `{events, responses}` out; 400 rejects."""
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token()}".encode()):
            return Response(status_code=401)
        try:
            body = await request.json()
            action, id = str(body["next_action"]), str(body["sender_id"])
        except (ValueError, KeyError, TypeError):
            return Response(status_code=422)
        if id not in self._open:
            return Response(status_code=410)  # that turn was answered without Rasa
        asked = self._open[id].ask(action)
        try:
            answer = await asked.answer
        except asyncio.CancelledError:
            if not asked.answer.cancelled():
                raise
            return Response(status_code=410)
        if answer is None:
            return JSONResponse({"action_name": action, "error": "nothing to do it with"}, status_code=400)
        return JSONResponse(answer)


class Exchange:
    """A turn that Rasa has in hand."""

    def __init__(self, posting: "asyncio.Task[dict[str, Any]]", patience: float) -> None:
        self._posting = posting
        self._patience = patience
        self._queue: asyncio.Queue[Asked] = asyncio.Queue()
        self._asked: list[Asked] = []

    def ask(self, action: str) -> Asked:
        """Ask for an action, after those that were asked for before."""
        asked = Asked(action)
        self._asked.append(asked)
        self._queue.put_nowait(asked)
        return asked

    def refuse(self) -> None:
        """Do nothing more: whatever has no answer gets none, also what was broken off in the middle."""
        for asked in self._asked:
            asked.answer.cancel()

    async def next(self) -> "Asked | dict[str, Any]":
        """Return the next action that Rasa asks for, or its answer to the turn.

        Raises Failed, also where it asks for one action after the other and the turn would never end.
        """
        if len(self._asked) > MOST_ACTIONS:
            raise Failed("asks for ever")
        asking, began = asyncio.create_task(self._queue.get()), time.monotonic()
        try:
            waited_for = {asking, self._posting}
            done, _ = await asyncio.wait(waited_for, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
            if asking in done:
                return asking.result()
            if not done:
                raise Failed("silent")
            return self._posting.result()
        finally:
            asking.cancel()
            self._patience = max(self._patience - (time.monotonic() - began), 0)


class _Server(uvicorn.Server):
    """Leaves the signals to the process that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

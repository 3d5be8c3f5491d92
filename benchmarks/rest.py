"""The two wire formats that turns are measured over, each on one connection that stays open, and little beside."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit


class Connection:
    """One HTTP/1.1 connection; one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: dict[str, Any], token: str = "") -> Any:
        """Return the JSON that is answered. Raises RuntimeError for a status that is no success."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self._streams
        content = json.dumps(body).encode()
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/json\r\n"
            f"{bearer}Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        answer = await self._body(reader, head)
        if "connection: close" in head:
            await self.close()
        if not head.startswith("http/1.1 2"):
            raise RuntimeError(f"{head.splitlines()[0]}: {answer.decode()[:300]}")
        return json.loads(answer)

    async def _body(self, reader: asyncio.StreamReader, head: str) -> bytes:
        if "content-length:" in head:
            return await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)

    async def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Citizens:
    """The citizens' interface of the line."""

    def __init__(self, url: str) -> None:
        self._connection, self._id, self._token = Connection(url), "", ""

    async def begin(self) -> None:
        """Open a conversation."""
        opened = await self._connection.post("/api/v1/conversations", {})
        self._id, self._token = opened["id"], opened["token"]

    async def say(self, text: str) -> list[dict[str, Any]]:
        """Return the replies to a text."""
        path = f"/api/v1/conversations/{self._id}/messages"
        replies: list[dict[str, Any]] = (await self._connection.post(path, {"text": text}, self._token))["replies"]
        return replies


class Rest:
    """Rasa's stock REST channel."""

    _opened = 0

    def __init__(self, url: str) -> None:
        self._connection, self._sender = Connection(url), ""

    async def begin(self) -> None:
        """Talk as somebody new."""
        Rest._opened += 1
        self._sender = f"citizen-{Rest._opened}"

    async def say(self, text: str) -> list[dict[str, Any]]:
        """Return the replies to a text."""
        body = {"sender": self._sender, "message": text}
        replies: list[dict[str, Any]] = await self._connection.post("/webhooks/rest/webhook", body)
        return replies

"""A department's system, written with nothing but the documentation: token, commands, polling, a signed receiver.

It imports nothing of the product: what it verifies, it verifies by itself.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

OLDEST = 300  # seconds; an older message is a replay by a third party


class Connection:
    """The client: it gets itself a token, and another one when that ends; asks again what was not answered."""

    def __init__(self, url: str, client_id: str, secret: str, *, patience: float = 90) -> None:
        self.client_id, self.secret, self.patience = client_id, secret, patience
        self._http = httpx.Client(base_url=url, timeout=15)
        self.cursor: str | None = None
        self.heard: dict[str, dict[str, Any]] = {}  # by id: what comes twice counts once

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = self._http.request(method, path, **content)
                if answer.status_code == 401:
                    self._sign_in()
                    continue
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"{path} did not answer"
            time.sleep(0.2)

    def _sign_in(self) -> None:
        answer = self._http.post(
            "/api/v1/systems/token", data={"grant_type": "client_credentials"}, auth=(self.client_id, self.secret)
        )
        if answer.status_code == 200:
            self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert answer.status_code in {200, 503}, answer.text

    def command(self, number: str, command: str, **body: Any) -> httpx.Response:
        """Give a command on the ticket as it is now; asked again with the same key until it is answered."""
        path = f"/api/v1/staff/tickets/{number}"
        headers = {"If-Match": self.request("GET", path).headers["etag"], "Idempotency-Key": str(uuid.uuid4())}
        return self.request("POST", f"{path}/{command}", json=body or None, headers=headers)

    def poll(self) -> list[dict[str, Any]]:
        """Read on from where it was; return what was not heard before."""
        fresh = []
        while True:
            asked = {"after": self.cursor} if self.cursor else {}
            page = self.request("GET", "/api/v1/systems/events", params=asked).json()
            fresh += [each for each in page["events"] if each["id"] not in self.heard]
            self.heard |= {each["id"]: each for each in page["events"]}
            self.cursor = page["next"]
            if not page["more"]:
                return fresh

    def close(self) -> None:
        self._http.close()


def verified(secrets: list[str], headers: dict[str, str], body: bytes) -> bool:
    """Say whether a message is signed by one of the secrets (standardwebhooks.com) and fresh."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    given = [each.partition(",")[2] for each in headers["webhook-signature"].split(" ") if each.startswith("v1,")]
    fresh = abs(time.time() - int(headers["webhook-timestamp"])) < OLDEST
    keys = [base64.b64decode(each.split("_", 1)[1]) for each in secrets]
    wanted = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return fresh and any(hmac.compare_digest(one, other) for one in wanted for other in given)


@dataclass
class Receiver:
    """What came in, verified; `answers`: statuses to give before it is content with 204."""

    port: int
    secrets: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    signatures: list[int] = field(default_factory=list)  # how many each message carried

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """Listen on the receiver's port for the time of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.answers.pop(0) if receiver.answers else 204
            if not verified(receiver.secrets, headers, body):
                receiver.refused, status = receiver.refused + 1, 401
            elif status == 204:
                receiver.signatures.append(len(headers["webhook-signature"].split(" ")))
                receiver.taken.append(json.loads(body) | {"webhook-id": headers["webhook-id"]})
            self.send_response(status)
            if status in {301, 302, 307}:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

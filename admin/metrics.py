"""What Prometheus reads at `/metrics`, and the access log: routes and times, never an address or a query string."""

import time
from contextlib import suppress

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import dead_letters
from core.database import transaction
from core.errors import YitongError
from core.ledger import checkpoints

log = structlog.get_logger()

REQUESTS = Counter("yitong_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("yitong_http_request_seconds", "Time to answer, streams left out.", ["method", "route"])
LETTERS = Gauge("yitong_dead_letters", "Jobs and notices that nobody tries any more.", ["kind", "what"])
SIGNED = Gauge("yitong_ledger_checkpoint_seconds", "When the ledger was signed last (Unix time).")


class Measured:
    """ASGI middleware: counts and times every request under its route's template."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, streamed = time.perf_counter(), 500, False

        async def noting(message: Message) -> None:
            nonlocal status, streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                streamed = any(
                    name == b"content-type" and value.startswith(b"text/event-stream")
                    for name, value in message.get("headers", [])
                )
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            elapsed = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            if not streamed:
                SECONDS.labels(scope["method"], route).observe(elapsed)
            log.debug("request", method=scope["method"], route=route, status=status, ms=round(elapsed * 1000, 1))


async def page() -> Response:
    """Return the figures in Prometheus' text format; those of the database are left as they were while it is away."""
    with suppress(YitongError):
        async with transaction() as session:
            counts, last = await dead_letters.counts(session), await checkpoints.newest(session)
        LETTERS.clear()
        for (kind, what), count in counts.items():
            LETTERS.labels(kind, what).set(count)
        if last:
            SIGNED.set(last.at.timestamp())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

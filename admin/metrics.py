"""What Prometheus reads at `/metrics`, and the access log: routes and times, never an address or a query string."""

import os
import time
from contextlib import suppress

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.processes import METRICS
from core import dead_letters
from core.database import transaction
from core.errors import YitongError
from core.ledger import checkpoints

log = structlog.get_logger()

REQUESTS = Counter("yitong_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("yitong_http_request_seconds", "Time to answer, streams left out.", ["method", "route"])


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


class OfTheDatabase:
    """What the database knows, as it was read last."""

    def __init__(self) -> None:
        self.families: list[GaugeMetricFamily] = []

    async def read(self) -> None:
        """Read it anew; while the database is away it stays as it was."""
        with suppress(YitongError):
            async with transaction() as session:
                counts, last = await dead_letters.counts(session), await checkpoints.newest(session)
            what = "Jobs and notices that nobody tries any more."
            letters = GaugeMetricFamily("yitong_dead_letters", what, labels=("kind", "what"))
            for labels, count in counts.items():
                letters.add_metric(labels, count)
            signed = GaugeMetricFamily(
                "yitong_ledger_checkpoint_seconds", "When the ledger was signed last (Unix time)."
            )
            signed.add_metric((), last.at.timestamp() if last else 0)
            self.families = [letters, signed]

    def collect(self) -> list[GaugeMetricFamily]:
        """Return it, as Prometheus' client asks for it."""
        return self.families


of_the_database = OfTheDatabase()


async def page() -> Response:
    """Return the figures of all web processes of this line in Prometheus' text format."""
    await of_the_database.read()
    known = CollectorRegistry()
    known.register(of_the_database)
    requests = REGISTRY
    if METRICS in os.environ:
        requests = CollectorRegistry()
        MultiProcessCollector(requests)  # type: ignore[no-untyped-call]
    return Response(generate_latest(requests) + generate_latest(known), media_type=CONTENT_TYPE_LATEST)

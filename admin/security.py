"""Headers that keep a page from being framed, sniffed or fed with foreign script."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)
# The citizens' chat may stand inside the city's own pages; nothing else may be framed.
EMBEDDABLE = frozenset({"/widget"})


class SecurityHeaders:
    """ASGI middleware that adds them to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                ancestors = "*" if scope["path"] in EMBEDDABLE else "'none'"
                headers["Content-Security-Policy"] = POLICY.format(ancestors=ancestors)
            await send(message)

        await self.app(scope, receive, guarded)

"""Streams that the line cuts off when it stops."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Ended:
    """ASGI middleware: says the last word of an answer that returned without it, or the server logs an error for each.

    sse-starlette leaves its streams so when the server is told to stop.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; end what was begun."""
        begun = False

        async def watching(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
            elif message["type"] == "http.response.body":
                begun = message.get("more_body", False)
            await send(message)

        await self.app(scope, receive, watching)
        if begun:
            await send({"type": "http.response.body"})

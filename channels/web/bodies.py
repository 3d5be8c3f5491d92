"""How much one request may carry: a larger body is refused while it arrives, before anything is parsed."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

from channels import attachments
from core.errors import BadInput, TooLarge

JSON_BYTES = 64 * 1024
FORM_OVERHEAD_BYTES = 16 * 1024  # a multipart form's boundaries and headers

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class SmallBody(APIRoute):
    """A route that takes 64 KB of JSON at most."""

    def limit(self) -> int:
        """Return the largest body, in bytes."""
        return JSON_BYTES

    def refusal(self) -> TooLarge:
        """Return the sentence for a larger one."""
        return TooLarge("内容太长了，请分几次发送。")

    def get_route_handler(self) -> Handler:
        """Return the handler, with a count of what arrives around it."""
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            arrived = 0
            receive = request.receive

            async def counting() -> Message:
                nonlocal arrived
                message = await receive()
                arrived += len(message.get("body", b""))
                if arrived > self.limit():
                    raise self.refusal()
                return message

            try:
                return await handle(Request(request.scope, counting))
            except HTTPException as error:
                # The framework turns whatever was raised while it read the body into a plain "bad request".
                if arrived > self.limit():
                    raise self.refusal() from None
                if error.status_code == 400:
                    raise BadInput("请求的内容无法读取，请检查格式和编码。") from None
                raise

        return limited


class PhotoBody(SmallBody):
    """A route that takes one photo."""

    def limit(self) -> int:
        """Return the largest form, in bytes."""
        return attachments.largest() + FORM_OVERHEAD_BYTES

    def refusal(self) -> TooLarge:
        """Return the sentence for a larger one."""
        return attachments.too_large()

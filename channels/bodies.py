"""What outside systems post to the doors: read whole, but never more than a door's messages can hold."""

from fastapi import Request

from core.errors import TooLarge


async def read(request: Request, *, limit: int) -> bytes:
    """Return the request's body. Raises TooLarge as soon as more than `limit` bytes have arrived."""
    arrived = bytearray()
    async for part in request.stream():
        arrived += part
        if len(arrived) > limit:
            raise TooLarge("内容太长了，请分几次发送。")
    return bytes(arrived)

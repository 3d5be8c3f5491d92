"""Errors as the protocol writes them, in the format that was asked for."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from channels.open311 import access, rates, wording
from channels.open311.answers import MEDIA_TYPES, answer
from core.errors import BadInput, NotFound, NotSignedIn, Unavailable, YitongError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

# The protocol knows 400, 403 and 404; others are what HTTP says (413, 429, 503).
_STATUSES = {BadInput.status: 400, NotSignedIn.status: 403}


class Protocol(APIRoute):
    """A route behind the open door whose errors are `[{"code", "description"}]` or `<errors>`."""

    def get_route_handler(self) -> Handler:
        """Return the handler, with the door before it and the protocol's errors after it."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            wording.listen(request)
            # What the route reads as the format: "requests.x.json" asks for "x.json", which is none.
            format = request.path_params.get("format", request.url.path.rpartition(".")[2])
            try:
                access.must_be_open()
                if format not in MEDIA_TYPES:
                    raise NotFound(wording.say("refused.address"))
                rates.admit(request)
                access.must_be_here(request.query_params.get("jurisdiction_id", ""))
                return await handle(request)
            except YitongError as error:
                # The format that every server has stands in for one that none has.
                return _refusal(error, format if format in MEDIA_TYPES else "xml")

        return answered


def _refusal(error: YitongError, format: str) -> Response:
    status = _STATUSES.get(error.status, error.status)
    made = answer(format, "errors", [{"code": status, "description": error.sentence}], status=status)
    if error.status == Unavailable.status:
        made.headers["Retry-After"] = "5"
    return made

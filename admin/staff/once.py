"""Commands over an unreliable line: `Idempotency-Key`, `If-Match` and `ETag` for every route of a router.

A program that heard no answer asks again with the same key and gets the first answer; one that looked at a ticket says
which version it saw (RFC 9110, section 13) and is refused when the ticket has moved on. Check, command and kept answer
are one transaction. Refusals are not kept: nothing was done, so asking again asks anew.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import access
from admin.staff.refusals import refusals
from core import database, idempotency
from core.auth import Actor
from core.errors import BadInput, Outdated
from core.idempotency import Answer
from routing import tickets

LONGEST_KEY = 200
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
# Showing a citizen's name again is a new showing, with its own event: such answers are not kept.
NEVER_KEPT = ("/reveal",)


async def _headers(
    idempotency_key: Annotated[
        str | None,
        Header(description="The same key and request within 7 days: the first answer again.", max_length=LONGEST_KEY),
    ] = None,
    if_match: Annotated[
        str | None, Header(description="The ETag that you saw: refused with 412 where the ticket has changed.")
    ] = None,
) -> None:
    """Declare the headers, so that /docs shows them; `OnceRoute` reads them itself."""


class OnceRoute(APIRoute):
    """A route whose POST may be asked again, and whose tickets carry their version as an entity tag."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if "POST" in (options.get("methods") or ()):
            options["dependencies"] = [Depends(_headers), *(options.get("dependencies") or ())]
            options["responses"] = refusals(412) | (options.get("responses") or {})
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        original = super().get_route_handler()
        shows_ticket = self.path.endswith("{number}")

        async def handler(request: Request) -> Response:
            if request.method == "POST":
                return await _command(request, original)
            if not shows_ticket:
                return await original(request)
            async with database.transaction() as session:
                seen = await tickets.version(session, request.path_params["number"])
            response = await original(request)
            response.headers["ETag"] = f'"{seen}"'  # read first: what is shown is at least this new
            return response

        return handler


async def _command(request: Request, original: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    number = request.path_params.get("number")
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadInput("Idempotency-Key 要用 1 到 200 个可见的英文字符，例如一个 UUID。")
    if request.url.path.endswith(NEVER_KEPT):
        key = None
    actor = (await access.signed_in(request)).actor
    async with database.around() as session:
        if key is not None:
            kept = await idempotency.begin(session, actor=actor, key=key, request=await _written(request))
            if kept is not None:
                return _again(kept)
        if number is not None:
            await _unchanged(session, number, actor, request.headers.get("if-match"))
        response = await original(request)
        if number is not None:
            response.headers["ETag"] = f'"{await tickets.version(session, number)}"'
        if key is not None:
            answer = Answer(response.status_code, response.headers.get("etag"), bytes(response.body).decode())
            await idempotency.keep(session, actor=actor, key=key, answer=answer)
    return response


def _again(kept: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"} | ({"ETag": kept.etag} if kept.etag else {})
    return Response(kept.body, status_code=kept.status, media_type="application/json", headers=headers)


async def _written(request: Request) -> str:
    """Return what was asked for, in full; the boundary that a program draws anew for each attempt does not count."""
    body = await request.body()
    if boundary := re.search(r'boundary="?([^";,\s]+)', request.headers.get("content-type", "")):
        body = body.replace(boundary[1].encode(), b"")
    return f"{request.method} {request.url.path}?{request.url.query}\n{body.hex()}"


async def _unchanged(session: AsyncSession, number: str, actor: Actor, if_match: str | None) -> None:
    """Raise Outdated where the ticket is not as the caller saw it; its row stays locked, so that it remains so."""
    if if_match is None or if_match.strip() == "*":
        return
    await tickets.find(session, number, actor=actor, lock=True)
    now = await tickets.version(session, number)
    if f'"{now}"' not in [each.strip() for each in if_match.split(",")]:
        raise Outdated("这张工单在您读取之后又有了变化，请重新读取后再操作。", version=now)

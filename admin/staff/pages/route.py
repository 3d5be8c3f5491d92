"""Pages: who looks, how they are drawn, and how a refusal is shown without losing what was typed."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from admin.staff import texts
from admin.staff.access import SignedIn, Who
from admin.staff.pages import drawing
from core.auth import Actor, Permission
from core.errors import BadInput, NotSignedIn, YitongError

YEAR_SECONDS = 365 * 24 * 3600
_ID = re.compile(r"[A-Za-z][\w-]{0,80}")


@dataclass(frozen=True, slots=True)
class Viewer:
    """A member of staff looking at a page."""

    request: Request
    found: SignedIn
    locale: str

    @property
    def actor(self) -> Actor:
        """Return who looks."""
        return self.found.actor

    def must(self, permission: Permission) -> None:
        """Raise Forbidden unless the viewer holds the permission."""
        self.actor.must(permission)

    def say(self, key: str, **values: Any) -> str:
        """Return a message in the viewer's language."""
        return texts.say(key, self.locale, **values)

    def page(self, template: str, **context: Any) -> HTMLResponse:
        """Draw a page or a part of one."""
        return drawing.draw(self.request, template, locale=self.locale, found=self.found, **context)


async def _viewer(request: Request, found: Who) -> Viewer:
    return Viewer(request=request, found=found, locale=texts.locale_of(request))


View = Annotated[Viewer, Depends(_viewer)]


def is_part(request: Request) -> bool:
    """Say whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def go_to(path: str) -> Response:
    """Return an answer that makes htmx open another page."""
    return Response(status_code=204, headers={"HX-Redirect": path})


class PageRoute(APIRoute):
    """A route that answers with pages: refusals are drawn, an ended session leads to the sign-in page and back."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                response = await original(request)
            except RequestValidationError:
                response = refusal(request, BadInput("请求的内容不对，请检查后再提交。"))
            except YitongError as error:
                response = refusal(request, error)
            asked = texts.asked_locale(request)
            if asked is not None:
                response.set_cookie(texts.LANGUAGE_COOKIE, asked, max_age=YEAR_SECONDS, samesite="lax")
            # What a page shows is for who is signed in now; the back button must not show it to the next person.
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return handler


def refusal(request: Request, error: YitongError) -> Response:
    """Return what the person reads instead: a sentence beside the button that was pressed, or a page.

    The part of a page goes into `#<id of the form>-refusal`, so the form keeps what was typed.
    """
    here = _here(request)
    sign_in = f"/sign-in?next={quote(here, safe='')}" if isinstance(error, NotSignedIn) else None
    if not is_part(request):
        if sign_in:
            return RedirectResponse(sign_in, status_code=303)
        return _draw(request, "refused.html", error, sign_in)
    response = _draw(request, "parts/refusal.html", error, sign_in)
    pressed = request.headers.get("hx-trigger", "")
    beside = request.method != "GET" and _ID.fullmatch(pressed)
    response.headers["HX-Retarget"] = f"#{pressed}-refusal" if beside else "#notice"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _draw(request: Request, template: str, error: YitongError, sign_in: str | None) -> HTMLResponse:
    locale = texts.locale_of(request)
    return drawing.draw(request, template, locale=locale, status=error.status, sentence=error.sentence, sign_in=sign_in)


def _here(request: Request) -> str:
    """Return the page that the person is on: the request's own, or the one that htmx asks a part of."""
    if is_part(request):
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        path, query = shown.path or "/", shown.query
    else:
        path, query = request.url.path, request.url.query
    return path + (f"?{query}" if query else "")

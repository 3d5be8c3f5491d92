"""Page: signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from admin.staff import access, texts
from admin.staff.pages import drawing
from admin.staff.pages.route import PageRoute
from core.errors import NotSignedIn, YitongError

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def local_page(wanted: str) -> str | None:
    """Return `wanted` if it is a page of this site, else None: a link must not lead away after signing in."""
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\", "/sign-in"))
    return wanted if plain and wanted.isprintable() and "\\" not in wanted else None


@router.get("/sign-in")
async def page(request: Request, next: str = "") -> Response:
    """Ask for login and password; who is signed in already goes on."""
    try:
        found = await access.signed_in(request)
    except NotSignedIn:
        return _form(request, next=next)
    assert found.actor.role is not None
    return RedirectResponse(local_page(next) or drawing.LANDING[found.actor.role], status_code=303)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=256)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Sign in and go where the person wanted to go, else to the role's first page."""
    try:
        found = await access.sign_in(request, login=login.strip(), password=password)
    except YitongError as error:
        return _form(request, next=next, login=login, sentence=error.sentence, status=error.status)
    assert found.actor.role is not None
    response = RedirectResponse(local_page(next) or drawing.LANDING[found.actor.role], status_code=303)
    access.remember(response, request, found.token)
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Sign out and show the sign-in page."""
    await access.sign_out(request)
    response = RedirectResponse("/sign-in", status_code=303)
    access.forget(response)
    return response


def _form(request: Request, *, next: str, login: str = "", sentence: str = "", status: int = 200) -> Response:
    return drawing.draw(
        request,
        "sign_in.html",
        locale=texts.locale_of(request),
        status=status,
        next=next,
        login=login,
        sentence=sentence,
    )

"""Citizens' pages: the chat, its embeddable form, and a ticket's progress. They work the same interface as anybody."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from sqlalchemy.ext.asyncio import AsyncSession

from channels.web.bodies import SmallBody
from channels.web.schemas import LONGEST_NOTE, TicketStatus, plain, storable
from channels.web.texts import locale_of, texts
from channels.web.tickets import entrusted, status
from core.city import city
from core.errors import YitongError
from intents import emergency
from routing import commands
from routing.notices import moment_words, vote_words
from routing.tickets import Ticket

HERE = Path(__file__).parent

router = APIRouter(include_in_schema=False, route_class=SmallBody, default_response_class=HTMLResponse)

Field = Annotated[str, Form(max_length=LONGEST_NOTE)]


@router.get("/")
async def chat(request: Request) -> HTMLResponse:
    """Return the chat."""
    return _page(request, "chat.html", page="chat", emergency_services=_emergency_services())


@router.get("/widget")
async def widget(request: Request) -> HTMLResponse:
    """Return the chat as other sites embed it."""
    return _page(request, "chat.html", page="widget", emergency_services=_emergency_services())


@router.get("/track")
async def track(request: Request, number: str = "") -> HTMLResponse:
    """Return the form that asks for number and code."""
    return _page(request, "track.html", ticket=None, number=number[:40])


@router.post("/track")
async def track_ticket(request: Request, number: Field = "", code: Field = "") -> HTMLResponse:
    """Return where the ticket is."""
    return await _ticket(request, number, code)


@router.post("/track/status")
async def track_status(request: Request, number: Field, code: Field, may: Field = "", seen: Field = "") -> HTMLResponse:
    """Return the part of the page that changes by itself; the actions with it when there are others now.

    Where nothing has changed there is no content, and htmx leaves the page as it is.
    """
    number, code = plain(number), plain(code)
    async with entrusted(request, number, "look") as session:
        ticket = await status(session, request, number, code)
    if _seen(ticket) == seen:
        return HTMLResponse(status_code=204)
    page = _render(request, "track_status.html", ticket=ticket)
    if ticket.may != may.split():
        page += _render(request, "track_actions.html", ticket=ticket, code=code, swap=True)
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


@router.post("/track/urge")
async def track_urge(request: Request, number: Field, code: Field, text: Field = "") -> HTMLResponse:
    """Remind the department, and return where the ticket is."""
    return await _ticket(request, number, code, "urge", lambda *who: commands.urge(*who, text=storable(text)))


@router.post("/track/supplement")
async def track_supplement(request: Request, number: Field, code: Field, text: Field) -> HTMLResponse:
    """Add something, and return where the ticket is."""
    return await _ticket(
        request, number, code, "supplement", lambda *who: commands.supplement(*who, text=storable(text))
    )


@router.post("/track/dispute")
async def track_dispute(request: Request, number: Field, code: Field, text: Field = "") -> HTMLResponse:
    """Say that a closed ticket is not solved, and return where it is."""
    return await _ticket(request, number, code, "dispute", lambda *who: commands.dispute(*who, text=storable(text)))


@router.post("/track/withdraw")
async def track_withdraw(request: Request, number: Field, code: Field, reason: Field = "") -> HTMLResponse:
    """Withdraw the ticket, and return where it is."""
    return await _ticket(
        request, number, code, "withdraw", lambda *who: commands.withdraw(*who, reason=storable(reason))
    )


@router.post("/track/rate")
async def track_rate(
    request: Request,
    number: Field,
    code: Field,
    contacted: Annotated[bool, Form()],
    solved: Annotated[bool, Form()],
    satisfied: Annotated[int, Form(ge=1, le=5)],
    comment: Field = "",
) -> HTMLResponse:
    """Take the callback's three answers, and return where the ticket is."""
    return await _ticket(
        request,
        number,
        code,
        "rate",
        lambda *who: commands.rate(
            *who, solved=solved, satisfied=satisfied, contacted=contacted, comment=storable(comment)
        ),
    )


Command = Callable[[AsyncSession, str, str], Awaitable[Ticket]]


async def _ticket(
    request: Request, number: str, code: str, name: str = "", command: Command | None = None
) -> HTMLResponse:
    """Do what the citizen asks for, and return the whole page, or its middle where htmx asks.

    A refusal stands on the page: above the form when number and code do not fit, else above the ticket's actions.
    """
    number, code = plain(number), plain(code)
    refusal, done, ticket, failed = "", "", None, 200
    if command is not None:
        try:
            async with entrusted(request, number) as session:
                given = await command(session, number, code)
                if name == "rate":
                    done = await vote_words(session, given, locale_of(request))
                else:
                    done = texts(f"action.{name}.done", locale_of(request))
        except YitongError as error:
            refusal = error.sentence
    try:
        async with entrusted(request, number, "look") as session:
            ticket = await status(session, request, number, code)
    except YitongError as error:
        refusal, failed = error.sentence, error.status
    part = "track_form.html" if ticket is None else "track_ticket.html"
    values: dict[str, Any] = {"ticket": ticket, "number": number, "code": code, "refusal": refusal, "done": done}
    if "HX-Request" in request.headers:  # htmx shows what comes with 200 only
        return _page(request, part, **values)
    return _page(request, "track.html", status_code=failed, **values)


def _page(request: Request, template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, HX-Request"}
    return HTMLResponse(_render(request, template, **values), status_code=status_code, headers=headers)


def _render(request: Request, template: str, **values: Any) -> str:
    locale = locale_of(request)
    chosen = request.query_params.get("lang")
    kept = {"lang": chosen} if chosen else {}
    shown: dict[str, Any] = {
        "locale": locale,
        "city": city(),
        "city_name": city().name_en if locale == "en" else city().name,
        "t": lambda key, **named: texts(key, locale, **named),
        "link": lambda path: f"{path}?{urlencode(kept)}" if kept else path,
        "other_language": "?lang=" + ("zh" if locale == "en" else "en"),
        "refusal": "",
        "done": "",
        "swap": False,
    }
    return _templates().get_template(template).render(shown | values)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["moment"] = _moment
    made.filters["seen"] = _seen
    made.globals["static"] = _static
    return made


def _seen(ticket: TicketStatus) -> str:
    """Return a digest of everything that the page shows of a ticket."""
    return hashlib.sha256(ticket.model_dump_json().encode()).hexdigest()[:16]


@pass_context
def _moment(context: Context, at: datetime) -> str:
    """Return a moment as notices say it, in the language of the page."""
    return moment_words(at, context["locale"])


@lru_cache(maxsize=16)
def _static(name: str) -> str:
    """Return the address of a static file; it changes with the content, so that no browser shows an old one."""
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]
    return f"/static/web/{name}?v={digest}"


def _emergency_services() -> list[emergency.Service]:
    """Return the services that citizens call themselves, each number once."""
    return list({service.number: service for service in emergency.services().values()}.values())

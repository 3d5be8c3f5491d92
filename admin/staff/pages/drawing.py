"""Drawing: the templates and what every one of them may use."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from admin.staff import because, naming, texts
from admin.staff.access import SignedIn, handles
from admin.staff.pages import evidence
from admin.staff.tickets.views import CandidateView
from core import clock
from core.auth import Actor, Permission, Role
from core.city import city
from core.privacy import mask_text

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent.parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"moment": texts.moment, "hour": texts.hour, "spoken": texts.spoken, "masked": mask_text}
_environment.globals |= {
    "category_path": naming.category_path,
    "place": naming.place,
    "department": naming.department,
    "examples": evidence.examples,
    "reasons": because.reasons,
    "sure": lambda confidence: f"{min(round(confidence * 100), MOST_SURE)}%",
    "percent": lambda share: "–" if share is None else f"{share:.1%}",
}

_environment.globals["m"] = _environment.get_template("parts/macros.html").module

# Page, its name in the catalogue, and the permission that opens it; None: whoever reads tickets.
PAGES: tuple[tuple[str, str, Permission | None], ...] = (
    ("/desk", "nav.desk", Permission.CONVERSATION_TAKE),
    ("/workbench", "nav.workbench", None),
    ("/warnings", "nav.warnings", None),
    ("/supervision", "nav.supervision", Permission.TICKET_RULE),
    ("/knowledge", "nav.knowledge", None),
    ("/settings", "nav.settings", Permission.SETTINGS),
)
OF_TICKETS = ("/workbench", "/warnings")
MOST_SURE = 99  # per cent: nothing that was guessed is certain
CLEAR_LEAD = 0.15  # of the score; below it the page leaves the choice to the agent
LANDING = {
    Role.AGENT: "/desk",
    Role.SUPERVISOR: "/supervision",
    Role.DEPARTMENT: "/workbench",
    Role.EDITOR: "/knowledge",
    Role.ADMINISTRATOR: "/settings",
}


def reads_tickets(actor: Actor) -> bool:
    """Say whether the actor sees any ticket: the centre all, a department its own."""
    return handles(actor) or actor.may(Permission.TICKET_READ_ALL)


def navigation(actor: Actor) -> list[tuple[str, str]]:
    """Return the pages that the actor may use, as (path, name's key)."""
    return [
        (path, "nav.tickets" if path == "/workbench" and not handles(actor) else name)
        for path, name, permission in PAGES
        if (actor.may(permission) if permission else path not in OF_TICKETS or reads_tickets(actor))
    ]


def draw(
    request: Request,
    template: str,
    *,
    locale: str,
    found: SignedIn | None = None,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """Draw a template for `found`, in a language."""
    shown = _environment.get_template(template).render(
        request=request,
        path=request.url.path,
        other_language=request.url.include_query_params(lang="zh" if locale == "en" else "en"),
        locale=locale,
        t=partial(_say, locale),
        named=lambda kind, value: texts.named(kind, value, locale),
        left=lambda due: remaining(due, locale),
        ago=lambda since: elapsed(since, locale),
        pressing=pressing,
        clear_lead=clear_lead,
        city=city(),
        now=clock.now(),
        me=found,
        actor=found.actor if found else None,
        may=lambda permission: bool(found and found.actor.may(Permission(permission))),
        pages=navigation(found.actor) if found else [],
        **context,
    )
    return HTMLResponse(shown, status_code=status)


def _say(locale: str, key: str, **values: Any) -> str:
    return texts.say(key, locale, **values)


def clear_lead(candidates: Sequence[CandidateView]) -> bool:
    """Say whether the first candidate stands out so that a button may say: this one."""
    return len(candidates) == 1 or candidates[0].score - candidates[1].score >= CLEAR_LEAD


def pressing(due: datetime, since: datetime) -> str:
    """Return how pressing a clock is: over, soon (less than a quarter of its time is left), or fine."""
    now = clock.now()
    if due <= now:
        return "over"
    return "soon" if (due - now) * 4 < due - since else "fine"


def remaining(due: datetime, locale: str) -> str:
    """Return how long is left until `due` or how long it is over, in two units; staff.js goes on counting."""
    seconds = int((due - clock.now()).total_seconds())
    return texts.say("due.over" if seconds <= 0 else "due.left", locale, span=_span(abs(seconds), locale))


def elapsed(since: datetime, locale: str) -> str:
    """Return how long ago `since` was, in two units; staff.js goes on counting."""
    return _span(max(int((clock.now() - since).total_seconds()), 0), locale)


def _span(seconds: int, locale: str) -> str:
    minutes = seconds // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return texts.say("span.days", locale, days=days, hours=hours)
    if hours:
        return texts.say("span.hours", locale, hours=hours, minutes=minutes)
    return texts.say("span.minutes" if minutes else "span.moment", locale, minutes=minutes)

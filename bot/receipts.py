"""What a citizen gets for a ticket: its number, its code, and the time by which it will be done."""

from datetime import datetime
from typing import Any

from bot.contract import Reply, ReplyType
from bot.wording import wording
from core import clock
from core.city import city
from core.settings import settings
from routing.tickets import Opened


def receipt(opened: Opened, locale: str, *, why: dict[str, Any] | None = None) -> Reply:
    """Return the reply that hands a new ticket to its citizen."""
    number, due = opened.ticket.number, opened.due_at
    values = {"number": number, "code": opened.code, "due": moment_words(due, locale) if due else ""}
    data = {"number": number, "code": opened.code, "due_at": due.isoformat() if due else None, "url": track_url(number)}
    key = "ticket.opened" if due else "ticket.opened_no_time"
    return Reply(ReplyType.TICKET, wording(key, locale, **values), data | ({"why": why} if why else {}))


def moment_words(moment: datetime, locale: str) -> str:
    """Return a moment in the city's zone as people say it: 11月27日17:30."""
    local = clock.local(moment, city().time_zone)
    values = {"month": local.month, "month_name": f"{local:%B}", "day": local.day, "time": f"{local:%H:%M}"}
    return wording("moment", locale, **values)


def track_url(number: str) -> str:
    """Return where the ticket can be followed; the code is not part of it."""
    return f"{settings().public_url.rstrip('/')}/track?number={number}"

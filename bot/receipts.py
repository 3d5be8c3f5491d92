"""What a citizen gets for a ticket: its number, its code, and the time by which it will be done."""

from typing import Any

from bot.contract import Reply, ReplyType
from bot.wording import wording
from core.settings import settings
from routing.notices import moment_words
from routing.tickets import Opened

__all__ = ["moment_words", "receipt", "track_url"]


def receipt(opened: Opened, locale: str, *, why: dict[str, Any] | None = None) -> Reply:
    """Return the reply that hands a new ticket to its citizen."""
    number, due = opened.ticket.number, opened.due_at
    values = {"number": number, "code": opened.code, "due": moment_words(due, locale) if due else ""}
    data = {"number": number, "code": opened.code, "due_at": due.isoformat() if due else None, "url": track_url(number)}
    key = "ticket.opened" if due else "ticket.opened_no_time"
    return Reply(ReplyType.TICKET, wording(key, locale, **values), data | ({"why": why} if why else {}))


def track_url(number: str) -> str:
    """Return where the ticket can be followed; the code is not part of it."""
    return f"{settings().public_url.rstrip('/')}/track?number={number}"

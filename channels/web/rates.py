"""How often one caller may ask. The counts live in the process: a city with several of them allows that many times."""

from functools import lru_cache
from typing import Literal

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import TooMany
from core.settings import settings

# An open page looks for news of its ticket every ten seconds, and many citizens may share one address.
LOOKS = "600/minute"
BEHIND_ONE_ADDRESS = 20  # citizens who talk at once from one office or one carrier's gateway

_limiter = MovingWindowRateLimiter(MemoryStorage())


@lru_cache(maxsize=8)
def _rate(text: str) -> RateLimitItem:
    return parse(text)


def address_of(request: Request) -> str:
    """Return the caller's address; behind the city's proxy, uvicorn takes it from X-Forwarded-For."""
    return request.client.host if request.client else "unknown"


def admit(
    what: Literal["open", "message", "photo", "command", "look"], address: str, thread: str | None = None
) -> None:
    """Count one request of an address, and of a conversation or ticket. Raises TooMany beyond the setting.

    Each kind of request has a count of its own; looks at a ticket, which change nothing, may be more.
    """
    rate = _rate(LOOKS if what == "look" else settings().message_rate)
    shared = type(rate)(rate.amount * BEHIND_ONE_ADDRESS, rate.multiples)
    within = _limiter.hit(shared, what, address)
    if not within or (thread is not None and not _limiter.hit(rate, what, thread)):
        raise TooMany("您发得太快了，请过一会儿再试。遇到危险请直接拨打110、119或120。")


def forget() -> None:
    """Begin anew; for tests."""
    _limiter.storage.reset()

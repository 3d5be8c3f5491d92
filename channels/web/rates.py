"""How often one caller may ask. The counts live in the process: a city with several of them allows that many times."""

from functools import lru_cache

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import TooMany
from core.settings import settings

# A verification code is short: whoever guesses at one ticket is stopped long before the guesses add up.
WRONG_CODES = parse("10/10 minutes")

_limiter = MovingWindowRateLimiter(MemoryStorage())


@lru_cache(maxsize=8)
def _rate(text: str) -> RateLimitItem:
    return parse(text)


def address_of(request: Request) -> str:
    """Return the caller's address; behind the city's proxy, uvicorn takes it from X-Forwarded-For."""
    return request.client.host if request.client else "unknown"


def admit(*callers: str) -> None:
    """Count one request of each caller (an address, a conversation). Raises TooMany beyond the setting."""
    if not all(_limiter.hit(_rate(settings().message_rate), "messages", caller) for caller in callers):
        raise TooMany("您发得太快了，请过一会儿再试。")


def admit_code(address: str, number: str) -> None:
    """Raise TooMany when this address was wrong about this number's code too often, ticket or no ticket."""
    if not _limiter.test(WRONG_CODES, "codes", address, number):
        raise TooMany("查询码输错次数太多，请 10 分钟后再试，或拨打热线查询。")


def count_wrong_code(address: str, number: str) -> None:
    """Remember one failure."""
    _limiter.hit(WRONG_CODES, "codes", address, number)


def forget() -> None:
    """Begin anew; for tests."""
    _limiter.storage.reset()

"""How often one address may ask. The counts live in the process: a city with several of them allows that many times."""

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from channels.open311.wording import say
from core.errors import TooMany
from core.settings import settings

BEHIND_ONE_ADDRESS = 20  # citizens for whom one app's server speaks; as at the web door

_limiter = MovingWindowRateLimiter(MemoryStorage())


def admit(request: Request, *, search: bool = False) -> None:
    """Count one request of its address, looks, reports and searches apart. Raises TooMany beyond the setting.

    A search may read a thousand requests: of those an address has what one conversation has at the web door.
    """
    rate = parse(settings().message_rate)
    shared = rate if search else type(rate)(rate.amount * BEHIND_ONE_ADDRESS, rate.multiples)
    # Behind the city's proxy uvicorn takes the address from X-Forwarded-For.
    address = request.client.host if request.client else "unknown"
    if not _limiter.hit(shared, "search" if search else request.method, address):
        raise TooMany(say("refused.too_many"))


def forget() -> None:
    """Begin anew; for tests."""
    _limiter.storage.reset()

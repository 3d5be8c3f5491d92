"""How often one person may ask for hints: each is read by the encoder.

The counts live in the process: a city with several of them allows that many times.
"""

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.auth import Actor
from core.errors import TooMany

HINTS = parse("60/minute")  # a page asks a second after the last key

_limiter = MovingWindowRateLimiter(MemoryStorage())


def admit(actor: Actor) -> None:
    """Count one question. Raises TooMany for the sixty-first in a minute."""
    if not _limiter.hit(HINTS, str(actor)):
        raise TooMany("查看答复提示太频繁，请过一分钟再试；答复照常可以提交。")


def forget() -> None:
    """Begin anew; for tests."""
    _limiter.storage.reset()

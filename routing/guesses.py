"""Guesses at a ticket's code: how often one caller may be wrong about one number, whatever the door.

The counts live in the process: a city with several of them allows that many times.
"""

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import TooMany
from core.text.normalise import normalise

# A code is short: whoever guesses at one ticket is stopped long before the guesses add up.
WRONG_CODES = parse("10/10 minutes")
LONGEST_NUMBER = 40  # characters that tell numbers apart

_limiter = MovingWindowRateLimiter(MemoryStorage())


def admit(caller: str, number: str) -> None:
    """Raise TooMany when this caller (an address, a conversation) was wrong about this number too often of late.

    The number counts as the look-up reads it, however it is typed, and whether there is such a ticket or not.
    """
    if not _limiter.test(WRONG_CODES, caller, _read(number)):
        raise TooMany("查询码输错次数太多，请 10 分钟后再试，或拨打热线查询。")


def count(caller: str, number: str) -> None:
    """Remember one wrong code."""
    _limiter.hit(WRONG_CODES, caller, _read(number))


def forget() -> None:
    """Begin anew; for tests."""
    _limiter.storage.reset()


def _read(number: str) -> str:
    return normalise(number)[:LONGEST_NUMBER]

"""Who may use the door: everybody may look once it is open, an app with a key may report."""

import hmac

from channels.open311.wording import say
from core.city import city
from core.errors import Forbidden, NotFound
from core.settings import settings


def must_be_open() -> None:
    """Raise NotFound while no key is set: the door is closed."""
    if not _keys():
        raise NotFound(say("refused.closed"))


def must_be_here(jurisdiction: str) -> None:
    """Raise NotFound for the id of another city; the protocol lets a server of one city be asked without any."""
    if jurisdiction and jurisdiction != city().code:
        raise NotFound(say("refused.jurisdiction"))


def must_hold_key(given: str) -> None:
    """Raise Forbidden for a key that is wrong or missing; every key takes the same time to compare."""
    matches = [hmac.compare_digest(given.encode(), key.encode()) for key in _keys()]
    if not any(matches):
        raise Forbidden(say("refused.key"))


def _keys() -> tuple[str, ...]:
    given = settings().open311_keys
    return tuple(key.strip() for key in given.get_secret_value().split(",")) if given else ()

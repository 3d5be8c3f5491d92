"""Moments as the protocol writes them: W3C's subset of ISO 8601, always with a zone."""

import re
from datetime import UTC, datetime

from channels.open311.wording import say
from core import clock
from core.city import city
from core.errors import BadInput

_W3C = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)")


def read(text: str, name: str) -> datetime:
    """Return the moment (UTC) that a parameter gives. Raises BadInput, naming the parameter, also at the end of time.

    A plus sign that was not encoded arrives as a blank; it is taken for what was meant.
    """
    text = text.strip().replace(" ", "+")
    try:
        if not _W3C.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text).astimezone(UTC)
        clock.local(moment, city().time_zone)  # whoever reads it reads it there
    except (ValueError, OverflowError):
        raise BadInput(say("refused.moment", name=name)) from None
    return moment


def write(moment: datetime) -> str:
    """Return a moment in the city's zone, to the second: 2026-11-23T09:30:00+08:00."""
    return clock.local(moment, city().time_zone).isoformat(timespec="seconds")

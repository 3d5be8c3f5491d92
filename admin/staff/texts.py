"""What staff read, in which language, and how moments are written."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request

from core import clock
from core.city import city
from core.messages import LOCALES, Catalogue
from core.settings import settings

LANGUAGE_COOKIE = "yitong_lang"

texts = Catalogue(Path(__file__).parent.parent / "locale")


def asked_locale(request: Request) -> str | None:
    """Return the language that `?lang=` asks for, or None."""
    wanted = request.query_params.get("lang", "").replace("-", "_").lower().split("_")[0]
    return next((known for known in LOCALES if wanted == known.split("_")[0].lower()), None)


def locale_of(request: Request) -> str:
    """Return the language of a page: `?lang=`, else what was asked for last, else the setting."""
    kept = request.cookies.get(LANGUAGE_COOKIE)
    return asked_locale(request) or (kept if kept in LOCALES else None) or settings().locale


def say(key: str, locale: str, **values: Any) -> str:
    """Return the message of `key`."""
    return texts(key, locale, **values)


def named(kind: str, value: str | None, locale: str) -> str:
    """Return the name of a value of a closed list (`state`, `urgency` …); one that has none yet is shown as it is."""
    if value is None:
        return ""
    key = f"{kind}.{value}"
    return texts(key, locale) if texts.has(key) else value


def moment(value: datetime | None) -> str:
    """Return a moment as the city's wall clock shows it: 11-22 10:23, with the year when it is another one."""
    if value is None:
        return ""
    here, today = (clock.local(each, city().time_zone) for each in (value, clock.now()))
    return here.strftime("%m-%d %H:%M" if here.year == today.year else "%Y-%m-%d %H:%M")


def hour(value: datetime | str) -> str:
    """Return hour and minute of a moment (or of its ISO form) in the city's zone: 10:23."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return clock.local(at, city().time_zone).strftime("%H:%M")


def spoken(value: datetime | str) -> str:
    """Return when something was said: hour and minute, with the day where that is not today."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    here, today = (clock.local(each, city().time_zone).date() for each in (at, clock.now()))
    return hour(at) if here == today else moment(at)

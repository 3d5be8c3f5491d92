"""What this door says: the catalogue of this folder, in the language of the request that is being answered."""

from contextvars import ContextVar
from pathlib import Path
from typing import Any

from fastapi import Request

from core.messages import LOCALES, Catalogue
from core.settings import settings

_catalogue = Catalogue(Path(__file__).with_name("locale"))
_locale: ContextVar[str] = ContextVar("open311_locale")


def listen(request: Request) -> None:
    """Answer this request in the first language of its Accept-Language that the line knows, else in its own."""
    for each in request.headers.get("accept-language", "").split(","):
        language = each.split(";")[0].strip().split("-")[0].lower()
        for known in LOCALES:
            if language == known.split("_")[0]:
                _locale.set(known)
                return
    _locale.set(settings().locale)


def locale() -> str:
    """Return the language of the request that is being answered."""
    return _locale.get(settings().locale)


def say(key: str, language: str | None = None, **values: Any) -> str:
    """Return the message of `key`, in the request's language unless another is named."""
    return _catalogue(key, language or locale(), **values)

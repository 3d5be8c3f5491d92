"""What citizens read on the web, and in which language."""

from pathlib import Path
from typing import Any

from fastapi import Request

from core.messages import LOCALES, Catalogue
from core.settings import settings

texts = Catalogue(Path(__file__).with_name("locale"))


def locale_of(request: Request) -> str:
    """Return the language of a page: `?lang=`, else what the browser prefers, else the setting."""
    wanted = [request.query_params.get("lang", ""), *request.headers.get("accept-language", "").split(",")]
    for each in wanted:
        language = each.split(";")[0].strip().replace("-", "_").lower()
        for known in LOCALES:
            if language and language.split("_")[0] == known.split("_")[0].lower():
                return known
    return settings().locale


def say(key: str, request: Request, **values: Any) -> str:
    """Return the message of `key` in the language of the request."""
    return texts(key, locale_of(request), **values)

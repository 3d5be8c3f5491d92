"""What this door says by itself: the catalogue of this folder."""

from pathlib import Path
from typing import Any

from core.city import city
from core.messages import Catalogue
from core.settings import settings

_catalogue = Catalogue(Path(__file__).with_name("locale"))
_LANGUAGES = {"zh_CN": "zh-CN", "en": "en-US"}


def wording(key: str, **values: Any) -> str:
    """Return the message of `key` in the line's language; `city` is always there."""
    name = city().name if chinese() else city().name_en
    return _catalogue(key, settings().locale, city=name, **values)


def chinese() -> bool:
    """Say whether the line speaks Chinese."""
    return settings().locale == "zh_CN"


def language() -> str:
    """Return the language in which Twilio speaks and listens (BCP 47)."""
    return _LANGUAGES[settings().locale]

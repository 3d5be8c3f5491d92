"""What this door says by itself: the catalogue of this folder."""

from pathlib import Path
from typing import Any

from core.city import city
from core.messages import Catalogue

_catalogue = Catalogue(Path(__file__).with_name("locale"))


def wording(key: str, locale: str, **values: Any) -> str:
    """Return the message of `key`, with the city's name and number in it."""
    name = city().name_en if locale == "en" else city().name
    return _catalogue(key, locale, city=name, hotline=city().hotline, **values)

"""What this door says by itself: the catalogue of this folder."""

from pathlib import Path

from core.city import city
from core.messages import Catalogue
from core.settings import settings

_catalogue = Catalogue(Path(__file__).with_name("locale"))


def wording(key: str) -> str:
    """Return the message of `key` in the line's language, with the city's name and number in it."""
    locale = settings().locale
    name = city().name_en if locale == "en" else city().name
    return _catalogue(key, locale, city=name, hotline=city().hotline)

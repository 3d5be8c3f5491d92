"""Message catalogues: what people read, in gettext's PO files, one a room and language.

A message has a key (`ticket.opened`), Chinese in `<room>/locale/zh_CN.po` and English in `<room>/locale/en.po`; values
are named in braces. A missing English message falls back to Chinese; a missing key is an error in the code.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

LOCALES = ("zh_CN", "en")


@lru_cache(maxsize=32)
def _messages(folder: Path, locale: str) -> dict[str, str]:
    path = folder / f"{locale}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=locale) if message.id}


class Catalogue:
    """The messages of one room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, key: str, locale: str = "zh_CN", **values: Any) -> str:
        """Return the message of `key` in `locale` with `values` put in. Raises KeyError for an unknown key."""
        found = _messages(self.folder, locale).get(key) or _messages(self.folder, "zh_CN")[key]
        return found.format(**values) if values else found

    def has(self, key: str) -> bool:
        """Say whether there is such a message."""
        return key in _messages(self.folder, "zh_CN")

"""The list of settings, made from the settings themselves."""

from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from rich.table import Table

from core.settings import ROOT, Settings, settings

HEAD = """# Settings

Made by `./yitong settings --markdown`; a test holds it to the code. Every setting is an environment variable.

| setting | default | what it is for |
|---|---|---|
"""
COMPUTED = {
    "data": "the user's data folder, /var/lib/yitong for root",
    "city": "cities/sample",
    "encoder_threads": "the number of processors, 8 at most",
}


def rows() -> list[dict[str, Any]]:
    """Return one row a setting: variable, default, description, and the value in force unless it is secret."""
    made = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings(), name)
        default = COMPUTED.get(name, "" if field.default in (None, PydanticUndefined) else str(field.default))
        made.append(
            {
                "setting": f"YITONG_{name.upper()}",
                "default": default,
                "value": ("set" if value else "") if isinstance(value, SecretStr) else str(value or ""),
                "description": field.description or "",
            }
        )
    return made


def markdown() -> str:
    """Return `docs/settings.md`."""
    lines = [f"| `{row['setting']}` | {row['default'] or '–'} | {row['description']} |" for row in rows()]
    return HEAD + "\n".join(lines).replace(str(ROOT) + "/", "") + "\n"


def table() -> Table:
    """Return the list for a terminal."""
    made = Table("setting", "value", "what it is for")
    for row in rows():
        made.add_row(row["setting"], row["value"], row["description"])
    return made

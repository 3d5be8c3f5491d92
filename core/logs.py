"""Structured logs that never hold a citizen's phone, address or words."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from core.privacy import mask_text

HANDLER = "yitong"
FRAMES = 8  # of an error's origin

# Fields that are personal whatever they hold; code logs ids instead.
PERSONAL = frozenset(
    {
        "phone",
        "name",
        "citizen",
        "address",
        "text",
        "title",
        "description",
        "identity_number",
        "contact",
        "body",
        "code",
        "token",
        "password",
    }
)

# What PostgreSQL says of a row below an error, over as many lines as a citizen wrote: "Failing row contains …".
_ROW_IN_ERROR = re.compile(
    r"^DETAIL:.*?(?=^(?:CONTEXT:|HINT:|\[SQL|The above exception|During handling|Traceback )|\Z)",
    re.MULTILINE | re.DOTALL,
)


def _redact(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {key: "[hidden]" if key in PERSONAL else _redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(item) for item in value]
    return value


def hide_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace personal fields, leave out the row that a database's error shows, mask numbers in every other text."""
    if isinstance(trace := event.get("exception"), str):
        event["exception"] = _ROW_IN_ERROR.sub("DETAIL:  [hidden]\n", trace)
    for key, value in event.items():
        event[key] = "[hidden]" if key in PERSONAL else _redact(value)
    return event


def origin(error: BaseException) -> str:
    """Return where an error was raised, innermost last, and nothing of what it says: that may be a citizen's words."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " ".join(f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}" for frame in frames)


def configure(*, level: str = "info", style: str = "console") -> None:
    """Send structlog and the standard library's logging to standard error, through one chain of processors."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        # The renderer's own way to show an error is rich's, with every variable of every frame.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                hide_personal,
                renderer,
            ],
        )
    )
    handler.set_name(HANDLER)
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if each.get_name() == HANDLER]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for noisy in ("httpx", "procrastinate", "alembic", "sqlalchemy", "uvicorn.access", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

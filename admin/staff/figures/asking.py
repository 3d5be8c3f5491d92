"""Which number is asked for, and what is written out of its list."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, timedelta

from admin.staff import naming, texts
from core import clock
from core.auth import Actor
from core.city import city
from core.database import transaction
from core.errors import BadInput
from core.settings import settings
from routing import figures
from routing.figures import Asked, Entry
from routing.step_words import exclusion_name

DAYS_SHOWN = 30
DAYS = (date(2000, 1, 1), date(2100, 1, 1))  # the first and the last that may be asked for
UNKNOWN_DAYS = f"请选择{DAYS[0].year}年至{DAYS[1].year}年之间的日期。"
HEADINGS = ("工单号", "受理日期", "诉求类型", "类别", "承办单位", "区县", "渠道", "状态", "计入情况")


def days(start: str, end: str) -> tuple[date, date]:
    """Return first and last day; what was left empty ends today and begins thirty days before. Raises BadInput."""
    try:
        last = date.fromisoformat(end) if end else clock.local(clock.now(), city().time_zone).date()
        first = date.fromisoformat(start) if start else max(DAYS[0], last - timedelta(days=DAYS_SHOWN - 1))
    except (ValueError, OverflowError):
        raise BadInput(UNKNOWN_DAYS) from None
    if first < DAYS[0] or last > DAYS[1]:
        raise BadInput(UNKNOWN_DAYS)
    return first, last


def asked(
    actor: Actor, figure: str, part: str, *, start: str, end: str, dimension: str, value: str, reason: str = ""
) -> Asked:
    """Return the number as the actor may open it. Raises Forbidden, or BadInput where there is none."""
    first, last = days(start, end)
    dimension, value = figures.scope(actor, dimension or "all", value)
    made = Asked(figure, part, first, last, dimension=dimension, value=value, reason=reason)
    made.checked()
    return made


def value_name(dimension: str, value: str) -> str:
    """Return the name of a department, district, category, channel or day."""
    if dimension == "department":
        return naming.department(value)
    if dimension == "district":
        return naming.place(value)
    if dimension == "category":
        return naming.category_name(value)
    return value


async def written(asked: Asked) -> AsyncIterator[str]:
    """Yield the list as CSV, line by line, without a word of anybody's: numbers and codes' names."""
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff" + _line(HEADINGS)
    async with transaction() as session:
        async for entry in figures.export(session, asked):
            yield _line(_cells(entry))


def _cells(entry: Entry) -> tuple[str, ...]:
    shown = {"yes": "计入分子", "no": "计入分母"}.get(entry.counts_as)
    return (
        entry.number,
        f"{clock.local(entry.opened_at, city().time_zone):%Y-%m-%d}",
        texts.named("request_type", entry.request_type, settings().locale),
        naming.category_path(entry.category),
        naming.department(entry.department),
        naming.place(entry.district),
        texts.named("channel", entry.channel, settings().locale),
        texts.named("tab", entry.state, settings().locale),
        shown or f"不计入：{exclusion_name(entry.counts_as)}",
    )


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()

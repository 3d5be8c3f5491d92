"""Which findings are asked for, and what is written out of them."""

import csv
import io
from collections.abc import AsyncIterator

from admin.staff import naming, texts
from core import clock
from core.auth import Actor
from core.city import city
from core.database import transaction
from core.errors import BadInput
from core.settings import settings
from routing import quality
from routing.messages import say
from routing.quality import Narrowed, Shown

HEADINGS = ("工单号", "检查项", "轻重", "状态", "承办单位", "类别", "诉求类型", "发现时间", "判断时间")


def narrowed(*, state: str = "open", check: str = "", department: str = "", category: str = "") -> Narrowed:
    """Return which findings are asked for. Raises BadInput for a state or check that does not exist."""
    if state not in quality.STANDS or (check and check not in quality.CHECKS):
        raise BadInput(say("refused.no_finding"))
    return Narrowed(state, check, department, category)


async def written(wanted: Narrowed, actor: Actor) -> AsyncIterator[str]:
    """Yield the findings as CSV, line by line, without a word of anybody's."""
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff" + _line(HEADINGS)
    async with transaction() as session:
        async for shown in quality.export(session, wanted, actor=actor):
            yield _line(_cells(shown))


def _cells(shown: Shown) -> tuple[str, ...]:
    finding, ticket = shown.finding, shown.ticket
    zone, locale = city().time_zone, settings().locale
    decided = finding.decided_at and f"{clock.local(finding.decided_at, zone):%Y-%m-%d %H:%M}"
    return (
        ticket.number,
        texts.say(f"check.{finding.check}", locale),
        str(finding.severity),
        texts.say(f"quality.{finding.state}", locale),
        naming.department(finding.department),
        naming.category_path(ticket.category),
        texts.named("request_type", ticket.request_type, locale),
        f"{clock.local(finding.found_at, zone):%Y-%m-%d %H:%M}",
        decided or "",
    )


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()

"""What the city changed in the browser of its calendars, working hours and clock limits: every version, who, when, why.

The newest version of each holds over the city's files; one without content gives way to the files again. Every process
takes the versions up when they are announced, and looks again now and then for what it may have missed. A version that
does not fit any more (a department that is gone) is passed over in favour of the files, and `problems` says so.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import structlog
from pydantic import Field, ValidationError
from sqlalchemy import BigInteger, Identity, Integer, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, jobs, ledger, live
from core.auth import Actor, Permission
from core.database import Base, transaction
from core.errors import BadInput, YitongError
from core.settings import settings
from core.text.normalise import clean
from routing import calendar, policy
from routing.calendar import WorkingCalendar, Year
from routing.data import Strict
from routing.messages import say
from routing.policy import Sla

log = structlog.get_logger()

TOPIC = "clocks"
LOOK_AGAIN_SECONDS = 20.0
SECOND_LOOK_SECONDS = 60  # longer than a process can go on counting by what held before
PARTS = {"hours": ("working_hours", "working_week"), "policy": ("policies", "escalation", "extension")}

Kind = Literal["year", "hours", "policy"]


class ClockVersion(Base):
    """One saved change. `name`: the year, else the kind; `content` None: the city's files hold again.

    `running`: clocks that run are counted anew. `recounted_to` is the last ticket looked at, so that a job that was
    killed goes on from there; `moved` counts the clocks that moved.
    """

    __tablename__ = "clock_versions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    running: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    recounted_to: Mapped[int] = mapped_column(BigInteger, default=0)
    recounted_at: Mapped[datetime | None]
    moved: Mapped[int] = mapped_column(Integer, default=0)


class Shipped(Strict):
    """The content by which the city's file, or the package, holds for a year again."""

    year: int = Field(ge=2000, le=2100)
    shipped: bool


_problems: list[str] = []


def problems() -> list[str]:
    """Return, in a sentence each, which saved versions this process could not take up."""
    return list(_problems)


def proposed(kind: Kind, content: dict[str, Any] | None) -> tuple[Sla, WorkingCalendar]:
    """Return policies and calendar as they would be. Raises BadInput that names what does not fit."""
    return _with(policy.sla(), calendar.calendar(), kind, content)


async def save(
    session: AsyncSession, kind: Kind, content: dict[str, Any] | None, *, running: bool, reason: str, actor: Actor
) -> ClockVersion:
    """Keep a version and let it hold; calendars and hours always count running clocks anew, limits where `running`.

    `content`: of a year what its file would hold, else the parts of `sla.yaml`; None for the city's files again, of a
    year `{"year": 2027, "shipped": True}`. Raises BadInput for what does not fit or lacks a reason, Forbidden.
    """
    actor.must(Permission.SETTINGS)
    reason = clean(reason)
    if not reason:
        raise BadInput(say("refused.clocks_reason"))
    proposed(kind, content)
    shipped = content is None or content.get("shipped") is True
    version = ClockVersion(
        kind=kind,
        name=str(content["year"]) if kind == "year" and content else kind,
        content=None if shipped else content,
        running=running or kind != "policy",
        reason=reason,
        made_at=clock.now(),
        made_by=str(actor),
    )
    session.add(version)
    await session.flush()
    await ledger.append(
        session,
        subject=f"clocks:{version.name}",
        kind="clocks.saved",
        actor=actor,
        data={"version": version.id, "running": version.running},
    )
    await live.announce(session, TOPIC, "saved", version=version.id)
    await order(session, version)
    return version


async def order(session: AsyncSession, version: ClockVersion) -> None:
    """Order the recount, and another for clocks that a process started meanwhile by what held before."""
    if not version.running:
        return
    again = clock.now().timestamp() + SECOND_LOOK_SECONDS
    await jobs.defer(session, "clocks.recount", lock="clocks.recount", version=version.id)
    at = datetime.fromtimestamp(again, tz=version.made_at.tzinfo)
    await jobs.defer(session, "clocks.recount", at=at, lock="clocks.recount", version=version.id, again=True)


async def listing(session: AsyncSession, *, limit: int = 50) -> Sequence[ClockVersion]:
    """Return the versions, newest first."""
    rows = await session.scalars(select(ClockVersion).order_by(ClockVersion.id.desc()).limit(limit))
    return rows.all()


async def take_up(session: AsyncSession) -> None:
    """Let this process count by what the database holds."""
    last = select(func.max(ClockVersion.id)).where(ClockVersion.kind != "shipped").group_by(ClockVersion.name)
    newest = await session.scalars(select(ClockVersion).where(ClockVersion.id.in_(last)))
    found = [version for version in newest.all() if version.content is not None]
    sla, working = policy.shipped(), calendar.shipped()
    said: list[str] = []
    for version in sorted(found, key=lambda version: version.kind):  # hours, policy, years
        try:
            sla, working = _with(sla, working, version.kind, version.content)
        except (YitongError, ValueError, TypeError, KeyError, AttributeError) as error:
            why = error.sentence if isinstance(error, YitongError) else type(error).__name__
            said.append(say("clocks.passed_over", version=version.id, name=version.name, why=why))
            log.error("clocks.passed_over", version=version.id, name=version.name, error=type(error).__name__)
    _problems[:] = said
    policy.use(sla if sla is not policy.shipped() else None)
    calendar.use(working if working is not calendar.shipped() else None)


async def take_up_quietly() -> None:
    """As `take_up`; where the database does not answer, what holds in this process goes on."""
    with suppress(YitongError, DBAPIError):
        async with transaction() as session:
            await take_up(session)


async def follow() -> None:
    """Take up each change as it is announced, until cancelled."""
    async with live.hub.subscribe(TOPIC) as news:
        while True:
            await take_up_quietly()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await news.get()
            while not news.empty():
                news.get_nowait()


def _with(sla: Sla, working: WorkingCalendar, kind: str, content: Any) -> tuple[Sla, WorkingCalendar]:
    try:
        if kind == "year":
            years = dict(working.years)
            if content is not None and content.get("shipped") is True:
                number = Shipped.model_validate(content).year
                years.pop(number, None)
                years |= {each: year for each, year in calendar.shipped().years.items() if each == number}
            else:
                year = Year.model_validate(content)
                years[year.year] = year
            return sla, calendar.made(years, sla)
        base, part = policy.shipped(), PARTS[kind]
        chosen = content if content is not None else base.model_dump(mode="json", by_alias=True, include=set(part))
        if set(chosen) != set(part):
            raise BadInput(say("refused.clocks_content", wrong=", ".join(sorted(set(chosen) ^ set(part)))))
        changed = Sla.model_validate(sla.model_dump(mode="json", by_alias=True) | chosen)
        return changed, calendar.made(working.years, changed)
    except ValidationError as error:
        raise BadInput(say("refused.clocks_content", wrong=_wrong(error.errors()[0]))) from None


# What pydantic says in many ways, in one each.
ALIKE = {
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "time_parsing": "time",
    "int_parsing": "number",
    "string_too_short": "missing",
    "too_short": "missing",
    "model_type": "missing",
    "enum": "choice",
    "literal_error": "choice",
}


def _wrong(error: Any) -> str:
    """Return what does not fit, and where: of one in a list, which."""
    locale, kind = settings().locale, ALIKE.get(error["type"], error["type"])
    key, context = f"clocks.wrong.{kind}", error.get("ctx", {})
    if say.has(key + ".at"):
        found = [place for place in error["loc"] or ["content"] if say.has(f"clocks.place.{place}")]
        number = next((each + 1 for each in reversed(error["loc"]) if isinstance(each, int)), 1)
        place = say(f"clocks.place.{found[-1]}", locale, number=number) if found else ".".join(map(str, error["loc"]))
        return say(key + ".at", locale, place=place, **context)
    return say(key, locale, **context) if say.has(key) else str(error["msg"])

"""REST and what the page shares: the queues as a supervisor sees them."""

from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import texts
from admin.staff.access import requires
from admin.staff.refusals import refusals
from bot import duty, handover, queue_figures
from bot.queue_figures import GaveUp
from core import clock
from core.auth import Permission
from core.city import city
from core.database import transaction
from core.errors import BadInput

router = APIRouter(
    prefix="/api/v1/staff/queues",
    tags=["staff: conversations"],
    dependencies=[requires(Permission.TICKET_RULE)],
    responses=refusals(400, 401, 403, 422, 503),
)


class QueueView(BaseModel):
    """A desk: who waits now and since when; of those who asked today, how many left or rang off without a person."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "desk": "enterprise",
                "name": "企业专席",
                "waiting": 3,
                "since": "2026-11-22T02:21:00Z",
                "asked": 41,
                "gave_up": 2,
                "share": 0.0488,
            }
        },
    )

    desk: str = Field(description="Empty: everybody whom anybody may answer.")
    name: str
    waiting: int
    since: datetime | None = Field(description="Since when the first of them waits.")
    asked: int
    gave_up: int
    share: float | None


class GaveUpView(BaseModel):
    """A wish for a person that ended without one; a missed call stays to be called back while `ended_at` is null."""

    model_config = ConfigDict(from_attributes=True)

    conversation: str
    channel: str
    reason: str
    skill: str | None
    requested_at: datetime
    ended_at: datetime | None


def today() -> datetime:
    """Return when the city's day began."""
    zone = ZoneInfo(city().time_zone)
    return datetime.combine(clock.now().astimezone(zone).date(), time(), zone)


async def queues(session: AsyncSession, *, locale: str) -> list[QueueView]:
    """Return every desk's figures of today."""
    found = await queue_figures.by_desk(session, start=today())
    return [
        QueueView(
            desk=each.desk,
            name=desk_name(each.desk, locale),
            waiting=each.waiting,
            since=each.since,
            asked=each.asked,
            gave_up=each.gave_up,
            share=each.share,
        )
        for each in found
    ]


def desk_name(code: str, locale: str) -> str:
    """Return what a desk is called; one that the city has no more is shown by its code."""
    found = duty.skill(code)
    return found.named(locale) if found else code or texts.say("queues.anybody", locale)


def known_desk(code: str | None) -> str | None:
    """Return the code. Raises BadInput for one that was never a desk."""
    if code and duty.skill(code) is None:
        raise BadInput("没有这个专席，请从页面上选择。")
    return code


async def given_up(session: AsyncSession, desk: str | None) -> list[GaveUp]:
    """Return who gave up today, at one desk or all."""
    return list(await queue_figures.gave_up(session, start=today(), desk=known_desk(desk)))


@router.get("")
async def list_queues() -> list[QueueView]:
    """List the desks: who waits, how long the first has waited, and how many gave up today."""
    async with transaction() as session:
        return await queues(session, locale="zh_CN")


Desk = Annotated[str | None, Query(description="One desk; empty: anybody's queue; left out: all.", max_length=40)]


@router.get("/waiting")
async def list_waiting(desk: Desk = None) -> list[dict[str, object]]:
    """List who waits, first to be taken first, with the reason and since when; the matter masked."""
    async with transaction() as session:
        found = await handover.waiting(session, desk=known_desk(desk))
    return [
        {"conversation": each.conversation, "channel": each.channel, "reason": each.reason, "skill": each.skill}
        | {"since": each.since, "summary": each.summary}
        for each in found
    ]


@router.get("/gave-up")
async def list_gave_up(desk: Desk = None) -> list[GaveUpView]:
    """List who gave up today, the latest first."""
    async with transaction() as session:
        return [GaveUpView.model_validate(each) for each in await given_up(session, desk)]

"""REST: the warnings of clocks that a department, or the centre, has not said to know."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from admin.staff.access import Staffed
from admin.staff.refusals import refusals
from admin.staff.warnings.reading import shown
from core.database import transaction
from core.settings import settings
from routing import warnings

router = APIRouter(prefix="/api/v1/staff/warnings", tags=["staff: tickets"], responses=refusals(401, 403, 422, 503))


class WarningView(BaseModel):
    """A clock that has passed a point of the escalation; `percent` is of its own measure, 100 the breach."""

    clock_id: int
    number: str
    title: str | None = Field(description="None where the ticket is only below you, not yours to read.")
    department: str | None
    kind: str
    name: str
    percent: int
    at: datetime
    due_at: datetime
    provisional: bool


class Warnings(BaseModel):
    """The newest warnings, and how many there are (1000 stands for as many or more)."""

    warnings: list[WarningView]
    total: int


class Known(BaseModel):
    """Which clocks the office knows of now."""

    clock_ids: list[int] = Field(min_length=1, max_length=200)


class Settled(BaseModel):
    """How many warnings left the list."""

    settled: int


@router.get("")
async def list_warnings(actor: Staffed, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Warnings:
    """List what your office has been told of and not said to know, newest first."""
    async with transaction() as session:
        found = await warnings.listing(session, actor=actor, limit=limit)
        total = await warnings.count(session, actor=actor)
    return Warnings(
        warnings=[WarningView(**shown(each, settings().locale)) for each in found],
        total=total,
    )


@router.post("/seen")
async def see_warnings(body: Known, actor: Staffed) -> Settled:
    """Say that your office knows of these clocks; a later point of the escalation is news again."""
    async with transaction() as session:
        return Settled(settled=await warnings.see(session, body.clock_ids, actor=actor))

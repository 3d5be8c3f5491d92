"""REST: what could not be done, tried again or put aside by an administrator."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from admin.staff.access import Staffed, requires
from admin.staff.refusals import refusals
from core import dead_letters, settling
from core.auth import Permission
from core.database import transaction
from core.dead_letters import DeadLetter

router = APIRouter(
    prefix="/api/v1/staff/dead-letters",
    tags=["staff: jobs"],
    dependencies=[requires(Permission.SETTINGS)],
    responses=refusals(401, 403, 503),
)

Id = Annotated[int, Field(ge=1, lt=2**63)]


class Letter(BaseModel):
    """A job that failed every attempt, or a notice that could not be delivered for its time."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": 7,
                "kind": "notice",
                "what": "wechat:message",
                "about": {"conversation": "c_8Fq2"},
                "error": "Unavailable",
                "sentence": "微信接口暂时连接不上，稍后重试。",
                "attempts": 27,
                "since": "2026-11-19T08:00:00Z",
                "failed_at": "2026-11-22T08:10:00Z",
            }
        },
    )

    id: int
    kind: str
    what: str
    about: dict[str, Any]
    error: str
    sentence: str
    attempts: int
    since: datetime
    failed_at: datetime


class Decision(BaseModel):
    """Why it is tried again or put aside; kept in the ledger."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "微信接口已恢复"}})

    reason: Annotated[str, Field(min_length=1, max_length=settling.LONGEST_REASON)]


@router.get("", responses=refusals(422))
async def waiting(
    what: Annotated[str | None, Query(max_length=200)] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[Letter]:
    """List what waits for a decision, newest first; `before`: the last id of the page before."""
    async with transaction() as session:
        letters = await dead_letters.waiting(session, what=what, before=before, limit=limit)
    return [_letter(each) for each in letters]


@router.post("/{id}/retry", responses=refusals(400, 404, 409, 422))
async def retry(id: Id, body: Decision, actor: Staffed) -> Letter:
    """Try it again: a job with all its attempts, a notice for three days."""
    async with transaction() as session:
        return _letter(await settling.retry(session, id, actor=actor, reason=body.reason))


@router.post("/{id}/put-aside", responses=refusals(400, 404, 409, 422))
async def put_aside(id: Id, body: Decision, actor: Staffed) -> Letter:
    """Take it off the list; what it stands for is not done."""
    async with transaction() as session:
        return _letter(await settling.put_aside(session, id, actor=actor, reason=body.reason))


def _letter(letter: DeadLetter) -> Letter:
    return Letter.model_validate(letter)

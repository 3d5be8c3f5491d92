"""REST: what clocks count by. A change is shown first, then saved with a reason; old versions stay readable."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from admin.staff.access import Staffed, requires
from admin.staff.refusals import refusals
from core.auth import Permission
from core.database import transaction
from routing import calendar, clock_effects, clock_versions, policy
from routing.clock_effects import Move

router = APIRouter(
    prefix="/api/v1/staff/clocks",
    tags=["staff: clocks"],
    dependencies=[requires(Permission.SETTINGS)],
    responses=refusals(400, 401, 403, 422, 503),
)

NOTICE: dict[str, Any] = {
    "kind": "year",
    "content": {
        "year": 2027,
        "source": "国务院办公厅关于2027年部分节假日安排的通知",
        "provisional": False,
        "holidays": [{"name": "元旦", "from": "2027-01-01", "to": "2027-01-03"}],
        "working_weekends": [],
    },
    "running": True,
}


class Change(BaseModel):
    """A change: of a year what its file would hold, else the parts of `sla.yaml`; None: the city's files again."""

    model_config = ConfigDict(json_schema_extra={"example": NOTICE})

    kind: Literal["year", "hours", "policy"]
    content: dict[str, Any] | None
    running: bool = Field(default=True, description="Limits hold for running clocks too; the others always do.")


class SavedChange(Change):
    """A change with its reason."""

    reason: str = Field(max_length=1000)


class MoveView(BaseModel):
    """One clock that would move; `new` None: it would no longer be asked for.

    Where both ends are the same, the end becomes provisional, or certain.
    """

    number: str
    department: str | None
    kind: str
    old: datetime
    old_provisional: bool
    new: datetime | None
    new_provisional: bool


class EffectView(BaseModel):
    """How many running clocks would move, by department, and the first fifty."""

    looked_at: int
    moved: int
    ended: int = Field(description="Those of them that would no longer be asked for.")
    settled: int = Field(description="Those of them that only become provisional, or certain.")
    departments: list[tuple[str | None, int]]
    first: list[MoveView]
    escalation: bool = Field(
        description="The points of the escalation, or whom they warn, change. That holds for running clocks too: "
        "without `running`, for each from the next point that it had before."
    )


class VersionView(BaseModel):
    """A saved version. `moved` counts the clocks that moved so far; `recounted_at` None: not finished."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    name: str
    content: dict[str, Any] | None
    running: bool
    reason: str
    made_at: datetime
    made_by: str
    recounted_at: datetime | None
    moved: int


class Clocks(BaseModel):
    """What this process counts by, and the newest versions."""

    sla: dict[str, Any]
    years: dict[int, dict[str, Any]]
    problems: list[str]
    versions: list[VersionView]


@router.get("")
async def get_clocks(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Clocks:
    """Return what is in force, and who saved what and why."""
    async with transaction() as session:
        versions = await clock_versions.listing(session, limit=limit)
    return Clocks(
        sla=policy.sla().model_dump(mode="json", by_alias=True),
        years={each: year.model_dump(mode="json", by_alias=True) for each, year in calendar.calendar().years.items()},
        problems=clock_versions.problems(),
        versions=[VersionView.model_validate(each) for each in versions],
    )


@router.post("/preview")
async def preview_clocks(body: Change) -> EffectView:
    """Return which running clocks would move; nothing is saved."""
    async with transaction() as session:
        effect = await clock_effects.preview(session, body.kind, body.content, running=body.running)
    return EffectView(
        looked_at=effect.looked_at,
        moved=effect.moved,
        ended=effect.ended,
        settled=effect.settled,
        departments=list(effect.departments.items()),
        first=[_shown(each) for each in effect.first],
        escalation=effect.escalation,
    )


@router.post("", status_code=201)
async def save_clocks(body: SavedChange, actor: Staffed) -> VersionView:
    """Save a change: it holds at once, and a job counts the running clocks anew."""
    async with transaction() as session:
        version = await clock_versions.save(
            session, body.kind, body.content, running=body.running, reason=body.reason, actor=actor
        )
        shown = VersionView.model_validate(version)
    await clock_versions.take_up_quietly()
    return shown


def _shown(move: Move) -> MoveView:
    return MoveView(
        number=move.number,
        department=move.department,
        kind=move.kind,
        old=move.old.at,
        old_provisional=move.old.provisional,
        new=move.new.at if move.new else None,
        new_provisional=move.new is not None and move.new.provisional,
    )

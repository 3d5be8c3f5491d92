"""What staff send and read of the dispatch catalogue."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from routing.catalogue_checks import Change

ROW: dict[str, Any] = {
    "category": "utilities.lighting.lamp_out",
    "area": "*",
    "lead": "urban_management",
    "co_handlers": ["power_supply"],
    "basis": "《城市照明管理规定》",
}
Code = Annotated[str, Field(min_length=1, max_length=200)]


class RowView(BaseModel):
    """A row in force; `version`: the change that made it, null where it stands in the city's files."""

    model_config = ConfigDict(json_schema_extra={"example": ROW | {"version": 12}})

    category: str
    area: str = Field(description="Code of a district, * for the whole city.")
    lead: str = Field(description="Code of a department, @district or @street of the ticket's place.")
    co_handlers: list[str]
    basis: str
    version: int | None


class ChangeBody(BaseModel):
    """A row as it is to hold."""

    model_config = ConfigDict(
        str_strip_whitespace=True,
        extra="forbid",
        json_schema_extra={"example": ROW | {"lead": "housing", "effective_from": "2026-12-01"}},
    )

    category: Code
    area: Code = "*"
    lead: Code | None = Field(description="null: the row is to end.")
    co_handlers: Annotated[list[Code], Field(max_length=20)] = []
    basis: Annotated[str, Field(max_length=1000)] = ""
    effective_from: date | None = Field(None, description="First day, in the city's zone; null: at once.")
    effective_to: date | None = Field(None, description="Last day; null: without end.")

    def change(self) -> Change:
        """Return the change."""
        values = self.model_dump(include=set(ChangeBody.model_fields))
        return Change(**(values | {"co_handlers": tuple(self.co_handlers)}))


class SaveBody(ChangeBody):
    """A change to be written, with its reason."""

    model_config = ConfigDict(json_schema_extra={"example": ROW | {"lead": "housing", "reason": "路灯移交", "seen": 0}})

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    seen: Annotated[int | None, Field(ge=0, le=2**62, description="`seen` of the preview; null: whatever.")] = None


class MoveView(BaseModel):
    """Tickets that would go elsewhere."""

    before: str | None
    after: str | None
    tickets: int
    open: int


class EffectView(BaseModel):
    """The tickets of the last 90 days, or still open, that would go elsewhere; `examples`: the newest."""

    tickets: int
    open: int
    moves: list[MoveView]
    examples: list[str]


class PreviewView(BaseModel):
    """What a change would do."""

    before: RowView | None
    begins: datetime
    ends: datetime | None
    warnings: list[str]
    effect: EffectView
    seen: int


class VersionView(BaseModel):
    """A version of a row, as it was written."""

    id: int
    category: str
    area: str
    lead: str | None
    co_handlers: list[str]
    basis: str
    effective_from: datetime
    effective_to: datetime | None
    reason: str
    changed_by: str
    changed_at: datetime
    withdrawn_at: datetime | None


class ProblemLine(BaseModel):
    """A line of a file that cannot be used, and why."""

    line: int
    problem: str


class ImportView(BaseModel):
    """What a file changes, or (`saved`) has changed."""

    saved: bool
    changes: int
    same: int
    problems: list[ProblemLine]
    warnings: list[ProblemLine]
    effect: EffectView
    seen: int


class ReturnedView(BaseModel):
    """A row that is wrong often: of how many tickets, who has them now, whom to write into the row."""

    row: RowView
    tickets: int
    returned: int
    sent_elsewhere: int = Field(description="Those that an agent dispatched to another department than the row names.")
    rate: float = Field(description="The share of both.")
    taken_by: dict[str, int]
    examples: list[str]
    proposed: str | None

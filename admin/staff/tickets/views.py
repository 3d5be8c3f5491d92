"""What staff read of a ticket: personal data masked, names beside codes, clocks, steps, what may be done now."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from admin.staff.tickets.beside_views import Beside

SUMMARY: dict[str, Any] = {
    "number": "20261122-000017",
    "title": "建设路12号门前路灯不亮",
    "state": "dispatched",
    "state_name": "已派单",
    "request_type": "assistance",
    "category": "utilities.lighting.lamp_out",
    "category_path": "公共事业 › 路灯照明 › 路灯不亮",
    "urgency": "general",
    "confidential": False,
    "channel": "web",
    "department": "urban_management",
    "department_name": "市城管局",
    "place": "朝霞区鼓楼街道",
    "opened_at": "2026-11-22T02:21:00Z",
    "next_clock": {
        "kind": "accept",
        "name": "签收",
        "started_at": "2026-11-22T02:22:00Z",
        "due_at": "2026-11-23T09:30:00Z",
        "state": "running",
        "provisional": False,
    },
    "returns": 0,
    "reopened": 0,
    "urges": 1,
    "supervised": False,
    "calls": 0,
    "sealed": False,
    "applied": None,
    "supervision": None,
    "owed": [],
}


class ClockView(BaseModel):
    """One clock: what it measures, when it began and ends, how it stands (running paused overdue met late)."""

    kind: str
    name: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    state: str
    state_name: str = ""
    percent: int = Field(default=0, description="The point of the escalation that it has passed, of its own measure.")
    provisional: bool = Field(description="A year's holiday notice is not out yet; the moment may still move.")


class TicketSummary(BaseModel):
    """A ticket in a list."""

    model_config = ConfigDict(json_schema_extra={"example": SUMMARY})

    number: str
    title: str
    state: str
    state_name: str
    request_type: str
    category: str | None
    category_path: str
    urgency: str
    confidential: bool
    channel: str
    department: str | None
    department_name: str
    place: str
    opened_at: datetime
    next_clock: ClockView | None = Field(
        description="The running clock that ends first; in a co-handler's list the end of its own open part (`part`)."
    )
    returns: int
    reopened: int
    urges: int
    supervised: bool
    calls: int = Field(description="Days on which the citizen was called since the reply and not reached.")
    sealed: bool
    applied: str | None = Field(description="extension, suspension: asked for and not decided.")
    supervision: str | None = Field(description="open, answered: an order that has not ended.")
    owed: list[str] = Field(description="Names of co-handlers that owe a part.")


class TicketPage(BaseModel):
    """A page of tickets, the nearest end of a clock first; `next` is the `skip` of the page after, if there is one."""

    tickets: list[TicketSummary]
    counts: dict[str, int] = Field(description="All tickets that you see, by state.")
    next: int | None


class CitizenView(BaseModel):
    """Who asked, masked; `hidden` where this account may never know (tip-off, confidential)."""

    name: str
    phone: str
    hidden: bool


class StepView(BaseModel):
    """One step of a ticket's history."""

    at: datetime
    kind: str
    name: str
    actor: str
    text: str


class PhotoView(BaseModel):
    """A photo of a ticket, to be read at …/attachments/{index}; not available while it is fetched, or was lost."""

    index: int = Field(description="From 1.")
    available: bool


class CandidateView(BaseModel):
    """A department that may be responsible, with the reasons."""

    code: str
    name: str
    score: float
    evidence: list[str]
    risk: float | None = Field(description="How likely a dispatch there comes back, 0 to 1.")
    fit: str = Field(description="`score` in a word: high (enough to dispatch by itself), medium, low.")
    return_risk: str = Field(description="`risk` in a word: high (too much to dispatch by itself), medium, low.")
    open_tickets: int = Field(0, description="Unfinished tickets that it leads on, counted within the last minute.")
    overdue_tickets: int = Field(0, description="Those of them that are late.")
    opens_at: datetime | None = Field(None, description="When it is at work next; null while it is.")
    on_duty: str | None = Field(None, description="Who answers while it is closed.")


class ReasonView(BaseModel):
    """Why a ticket was sent where it is; score and risk null where it was none of the candidates.

    `row`: the row of the dispatch catalogue as it stood then; `version` null: the city's files.
    """

    department: str
    department_name: str
    kind: str = Field(description="dispatched or reassigned.")
    at: datetime
    automatic: bool
    said: str = Field(description="The words of whoever sent it there.")
    score: float | None
    risk: float | None
    evidence: list[str]
    row: dict[str, Any] | None
    others: list[dict[str, Any]]


class SurveyView(BaseModel):
    """The citizen's three answers (三率)."""

    contacted: bool | None
    solved: bool | None
    satisfied: int | None
    at: datetime


class WorkRow(TicketSummary):
    """A ticket that waits for the centre, with what is needed to decide on it at once."""

    description: str
    citizen: CitizenView
    result: str | None
    steps: list[StepView]
    allowed: list[str]
    candidates: list[CandidateView]


class TicketDetail(TicketSummary):
    """Everything of one ticket that this account may read."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": SUMMARY
            | {
                "description": "建设路12号门前的路灯坏了三天，晚上很黑。",
                "address": "建设路12号",
                "happened": "三天前",
                "elements": {},
                "attachments": [{"index": 1, "available": True}],
                "co_handlers": [],
                "citizen": {"name": "王**", "phone": "138****8000", "hidden": False},
                "clocks": [SUMMARY["next_clock"]],
                "steps": [
                    {"at": "2026-11-22T02:21:00Z", "kind": "opened", "name": "已受理", "actor": "市民", "text": ""}
                ],
                "result": None,
                "basis": None,
                "survey": None,
                "allowed": ["accept", "return"],
                "urge_again_at": None,
                "candidates": [],
                "beside": {},
                "reconsider": False,
                "latitude": None,
                "longitude": None,
            }
        }
    )

    description: str
    address: str
    happened: str | None
    latitude: float | None
    longitude: float | None
    elements: dict[str, Any]
    attachments: list[PhotoView]
    co_handlers: list[dict[str, str]]
    citizen: CitizenView
    clocks: list[ClockView]
    steps: list[StepView]
    result: str | None
    basis: str | None
    survey: SurveyView | None
    allowed: list[str] = Field(description="Commands that you may give now: the last word of their address.")
    urge_again_at: datetime | None = Field(None, description="Just urged: from then on it may be urged again.")
    candidates: list[CandidateView] = Field(description="For dispatch and ruling: who may be responsible, best first.")
    dispatched_because: ReasonView | None = Field(None, description="Why it was sent where it is, the last time.")
    beside: Beside
    reconsider: bool = Field(
        description="The category was corrected, and another department ranks first now: see candidates, then reassign."
    )

"""A finding, a number and a lesson as staff read them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from admin.staff import naming, texts
from core.privacy import mask_text
from core.settings import settings
from routing.quality import Finding, Shown
from routing.quality.lessons import Lesson

EXAMPLE: dict[str, Any] = {
    "id": 31,
    "number": "20261123000007",
    "title": "幸福路口的路灯不亮",
    "check": "promise_without_date",
    "check_name": "承诺无期限",
    "severity": 1,
    "state": "open",
    "department": "urban_management",
    "category": "utilities",
    "request_type": "assistance",
    "words": ["我局将尽快安排维修。"],
    "value": "",
    "lesson": None,
    "found_at": "2026-11-23T02:21:00Z",
    "reason": None,
    "decided_at": None,
}


class LessonView(BaseModel):
    """Of the latest `decided` findings of this kind people dismissed so many."""

    check: str
    department: str
    category: str = Field(description="Of the first level.")
    dismissed: int
    decided: int
    days: int


class FindingView(BaseModel):
    """Something that a check found on a ticket."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: int
    number: str
    title: str
    check: str
    check_name: str
    severity: int = Field(description="3 harms a person, 2 leaves the request undone, 1 is form.")
    state: str = Field(description="open, quiet, confirmed or dismissed.")
    department: str
    category: str = Field(description="Of the first level.")
    request_type: str
    words: list[str] = Field(description="That it stands on: of the request, masked, or of the reply, as published.")
    value: str = Field(description="A type with its probability, a share, missing elements.")
    lesson: LessonView | None = Field(description="Why it is not shown unasked.")
    found_at: datetime
    reason: str | None = Field(description="Why it was decided so.")
    decided_at: datetime | None


class Decided(BaseModel):
    """How a finding stands now."""

    id: int
    state: str
    reason: str


class Numbers(BaseModel):
    """How many findings stand so, by check, and by department and check; `read`: replies that were read."""

    checks: dict[str, int]
    departments: dict[str, dict[str, int]]


def view(shown: Shown) -> FindingView:
    """Return a finding as it is shown."""
    finding, ticket = shown.finding, shown.ticket
    return FindingView(
        id=finding.id,
        number=ticket.number,
        title=mask_text(ticket.title),
        check=finding.check,
        check_name=texts.say(f"check.{finding.check}", settings().locale),
        severity=finding.severity,
        state=finding.state,
        department=finding.department,
        category=finding.category,
        request_type=ticket.request_type,
        words=[mask_text(each) if shown.of_request else each for each in shown.words],
        value=finding.evidence["value"],
        lesson=lesson(finding),
        found_at=finding.found_at,
        reason=mask_text(finding.reason) if finding.reason else None,
        decided_at=finding.decided_at,
    )


def lesson(finding: Finding) -> LessonView | None:
    """Return what was learnt of such findings when this one was found."""
    kept = finding.evidence.get("lesson")
    return LessonView(**kept) if kept else None


def lesson_of(learnt: Lesson) -> LessonView:
    """Return what holds now as it is shown."""
    return LessonView(**learnt.as_json())


def category_name(code: str) -> str:
    """Return the name of a first level; of none, an empty one."""
    return naming.category_name(code or None)

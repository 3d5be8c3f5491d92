"""The clock policies of the city (`sla.yaml`): which limit holds for which request."""

from datetime import time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from core.city import city, read_yaml
from intents import RequestType, Urgency, categories
from routing.data import Strict, parse, refuse
from routing.tree import tree


class ClockKind(StrEnum):
    """What a clock measures."""

    ACCEPT = "accept"  # 签收
    CONTACT = "contact"  # 联系诉求人
    RESOLVE = "resolve"  # 办结答复
    RETURN = "return"  # 退单: the time within which a department may say that it is not its duty
    CALLBACK = "callback"  # 回访, from the reply on


class Unit(StrEnum):
    """How a limit is counted; `clocks.due` says when it ends."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    HOURS = "hours"
    WORKING_HOURS = "working_hours"


class Limit(Strict):
    """One limit; the first of a policy that matches clock, request type, urgency, category and department holds.

    `category`: beginnings of a path in the tree (`water` holds for all below it); `department`: codes or kinds
    (`district`) of the department that leads. What is left out matches everything, also a ticket without any.
    """

    clock: ClockKind
    request_type: Literal["*"] | tuple[RequestType, ...] = "*"
    urgency: Literal["*"] | tuple[Urgency, ...] = "*"
    category: Literal["*"] | tuple[str, ...] = "*"
    department: Literal["*"] | tuple[str, ...] = "*"
    amount: int = Field(ge=1, le=366)
    unit: Unit
    source: str = ""

    def matches(
        self, clock: ClockKind, request_type: str, urgency: str, category: str | None, departments: frozenset[str]
    ) -> bool:
        """Say whether the limit is for such a request; `departments`: the code and the kind of the one that leads."""
        return (
            self.clock == clock
            and (self.request_type == "*" or request_type in self.request_type)
            and (self.urgency == "*" or urgency in self.urgency)
            and (self.category == "*" or any(_below(category, each) for each in self.category))
            and (self.department == "*" or not departments.isdisjoint(self.department))
        )


class Policy(Strict):
    """A named set of limits with its source."""

    code: str
    name: str
    selected: bool
    source: str = Field(min_length=1)
    note: str = ""
    limits: tuple[Limit, ...] = Field(min_length=1)

    @field_validator("limits")
    @classmethod
    def _of_this_city(cls, limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
        for limit in limits:
            _known(limit)
        return limits

    def limit(
        self,
        clock: ClockKind,
        *,
        request_type: str,
        urgency: str,
        category: str | None = None,
        department: str | None = None,
    ) -> Limit | None:
        """Return the limit that holds, or None where the policy sets none; `department`: the code of the lead."""
        departments: frozenset[str] = frozenset()
        if department and department in tree():
            departments = frozenset({department, tree().get(department).kind})
        return next(
            (limit for limit in self.limits if limit.matches(clock, request_type, urgency, category, departments)),
            None,
        )


class Period(Strict):
    """A part of the working day; the lunch break is the gap between two."""

    start: time = Field(alias="from")
    end: time = Field(alias="to")


class FixedHoliday(Strict):
    """A day that the law makes a holiday on the same date every year."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)


class Extension(Strict):
    """How much more time may be approved."""

    max_working_days: int = Field(ge=0)
    max_times: int = Field(ge=0)


class Told(StrEnum):
    """Who hears that a clock runs down."""

    LEAD = "lead"  # the department that leads; the centre where none does, or where the clock is the centre's own
    CO_HANDLERS = "co_handlers"
    PARENT = "parent"  # of the department that leads: a street's district
    CENTRE = "centre"


class Escalation(Strict):
    """At `at` percent of a clock, in its own measure, those in `tell` hear of it. 100 is the breach."""

    at: int = Field(ge=1, le=100)
    tell: tuple[Told, ...] = Field(min_length=1)


class Sla(Strict):
    """What `sla.yaml` holds."""

    policies: tuple[Policy, ...]
    extension: Extension
    escalation: tuple[Escalation, ...] = Field(min_length=1)
    working_hours: tuple[Period, ...] = Field(min_length=1)
    working_week: tuple[int, ...] = Field(min_length=1)
    fixed_holidays: tuple[FixedHoliday, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> "Sla":
        if sum(policy.selected for policy in self.policies) != 1:
            raise ValueError("exactly one policy must be selected")
        edges = [edge for period in self.working_hours for edge in (period.start, period.end)]
        if edges != sorted(set(edges)):
            raise PydanticCustomError("hours_order", "working_hours must be in order and not overlap")
        points = [step.at for step in self.escalation]
        if points != sorted(set(points)) or points[-1] != 100:
            raise PydanticCustomError(
                "escalation_order", "escalation must go up, name each percentage once, and end at 100"
            )
        if not set(self.working_week) <= set(range(1, 8)):
            raise PydanticCustomError("week", "working_week holds ISO weekdays, 1 for Monday to 7 for Sunday")
        return self

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return next(policy for policy in self.policies if policy.selected)

    def step(self, percent: int) -> Escalation:
        """Return the step of the escalation at a percentage that it names."""
        return next(step for step in self.escalation if step.at == percent)


def _below(category: str | None, top: str) -> bool:
    """Say whether a category is `top` or lies below it."""
    return category is not None and f"{category}.".startswith(f"{top}.")


def _known(limit: Limit) -> None:
    """Raise PydanticCustomError where a limit names a category or department that the city does not have."""
    if limit.category != "*":
        for code in limit.category:
            if code not in categories.tree():
                raise PydanticCustomError(
                    "limit_category",
                    "there is no category {code} (clock {clock})",
                    {"code": code, "clock": limit.clock},
                )
    if limit.department != "*":
        kinds = {department.kind for department in tree()}
        for code in limit.department:
            if code not in tree() and code not in kinds:
                raise PydanticCustomError(
                    "limit_department",
                    "there is no department and no kind of department {code} (clock {clock})",
                    {"code": code, "clock": limit.clock},
                )


def load(file: Path) -> Sla:
    """Read `sla.yaml`. Raises BadInput, naming the policy, where something does not fit."""
    content = read_yaml(file)
    if not isinstance(content, dict) or not isinstance(content.get("policies"), list):
        refuse(file, "the file", "it must hold a list of policies")
    for number, policy in enumerate(content["policies"], 1):
        parse(Policy, policy, file=file, entry=f"policy {number}")
    return parse(Sla, content, file=file, entry="the file")


_chosen: Sla | None = None


def sla() -> Sla:
    """Return the policies in force: those saved in the browser, else the city's file."""
    return _chosen or shipped()


def shipped() -> Sla:
    """Return the policies of the city's file."""
    return _sla(city().folder / "sla.yaml")


def use(chosen: Sla | None) -> None:
    """Let these policies be in force in this process; None: the city's file (`routing.clock_versions`)."""
    global _chosen
    _chosen = chosen


@lru_cache(maxsize=4)
def _sla(file: Path) -> Sla:
    return load(file)

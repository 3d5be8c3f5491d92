"""The clock policies of the city (`sla.yaml`): which limit holds for which request."""

from datetime import time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from core.city import city, read_yaml
from intents import RequestType, Urgency
from routing.data import Strict, parse, refuse


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
    """One limit; the first of a policy that matches clock, request type and urgency holds."""

    clock: ClockKind
    request_type: Literal["*"] | tuple[RequestType, ...]
    urgency: Literal["*"] | tuple[Urgency, ...]
    amount: int = Field(ge=1, le=366)
    unit: Unit
    source: str = ""

    def matches(self, clock: ClockKind, request_type: str, urgency: str) -> bool:
        """Say whether the limit is for such a request."""
        return (
            self.clock == clock
            and (self.request_type == "*" or request_type in self.request_type)
            and (self.urgency == "*" or urgency in self.urgency)
        )


class Policy(Strict):
    """A named set of limits with its source."""

    code: str
    name: str
    selected: bool
    source: str = Field(min_length=1)
    note: str = ""
    limits: tuple[Limit, ...] = Field(min_length=1)

    def limit(self, clock: ClockKind, *, request_type: str, urgency: str) -> Limit | None:
        """Return the limit that holds, or None where the policy sets none."""
        return next((limit for limit in self.limits if limit.matches(clock, request_type, urgency)), None)


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


class Sla(Strict):
    """What `sla.yaml` holds."""

    policies: tuple[Policy, ...]
    extension: Extension
    working_hours: tuple[Period, ...] = Field(min_length=1)
    working_week: tuple[int, ...] = Field(min_length=1)
    fixed_holidays: tuple[FixedHoliday, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> "Sla":
        if sum(policy.selected for policy in self.policies) != 1:
            raise ValueError("exactly one policy must be selected")
        edges = [edge for period in self.working_hours for edge in (period.start, period.end)]
        if edges != sorted(set(edges)):
            raise ValueError("working_hours must be in order and not overlap")
        if not set(self.working_week) <= set(range(1, 8)):
            raise ValueError("working_week holds ISO weekdays, 1 for Monday to 7 for Sunday")
        return self

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return next(policy for policy in self.policies if policy.selected)


def load(file: Path) -> Sla:
    """Read `sla.yaml`. Raises BadInput, naming the policy, where something does not fit."""
    content = read_yaml(file)
    if not isinstance(content, dict) or not isinstance(content.get("policies"), list):
        refuse(file, "the file", "it must hold a list of policies")
    for number, policy in enumerate(content["policies"], 1):
        parse(Policy, policy, file=file, entry=f"policy {number}")
    return parse(Sla, content, file=file, entry="the file")


def sla() -> Sla:
    """Return the city's policies."""
    return _sla(city().folder / "sla.yaml")


@lru_cache(maxsize=4)
def _sla(file: Path) -> Sla:
    return load(file)

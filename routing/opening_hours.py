"""Opening hours as departments write them (`departments.yaml`)."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from routing.data import Strict


def _times(value: object) -> object:
    """Return a period that is written as `9:00-12:00` in its two parts."""
    if isinstance(value, str) and value.count("-") == 1:
        first, last = (part.strip().rjust(5, "0") for part in value.split("-"))
        return {"start": first, "end": last}
    return value


class Period(Strict):
    """A stretch of a day."""

    start: time
    end: time

    @model_validator(mode="after")
    def _in_order(self) -> "Period":
        if self.start >= self.end:
            raise ValueError("a period ends after it begins")
        return self


class Opening(Strict):
    """On which ISO weekdays, and when; holidays and working weekends as the calendar of the departments says."""

    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(min_length=1)
    periods: tuple[Annotated[Period, BeforeValidator(_times)], ...] = Field(min_length=1)


class OnDuty(Strict):
    """Who answers for a department while it is closed."""

    name: str = Field(min_length=1)
    phone: str = ""


Hours = Literal["always"] | Opening

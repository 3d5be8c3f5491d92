"""How the city treats its tickets (`tickets.yaml`): dispatch, similar tickets, urging, the survey, learning."""

from datetime import time
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from core.city import city, read_yaml
from routing.data import Strict, parse


class Dispatch(Strict):
    """How departments are ranked, and from which score on no person is asked."""

    automatic_from: float = Field(ge=0, le=1)
    automatic_risk_to: float = Field(ge=0, le=1)
    catalogue_lead: float = Field(ge=0, le=1)
    catalogue_co_handler: float = Field(ge=0, le=1)
    duties: float = Field(ge=0, le=1)
    cosine_unrelated: float = Field(ge=0, lt=1)
    cosine_same: float = Field(gt=0, le=1)


class Experience(Strict):
    """How closed tickets that read alike speak on whose duty a new one is."""

    similarity_from: float = Field(ge=0, lt=1)
    half_life_days: float = Field(gt=0)
    evidence_days: int = Field(ge=1)
    fewest: int = Field(ge=1)
    strength: float = Field(gt=0)


class Risk(Strict):
    """How likely a dispatch comes back: a rate to begin with, and log-odds that are added to it."""

    return_rate: float = Field(gt=0, lt=1)
    strength: float = Field(gt=0)
    days: int = Field(ge=1)
    silent: float = Field(ge=0)
    contradicted: float = Field(ge=0)
    unsure: float = Field(ge=0)
    close: float = Field(ge=0)
    clear_margin: float = Field(gt=0, le=1)


class Reach(Strict):
    """How far apart in place and time two tickets of a category may be one matter.

    `area`: the district, or the street office, in which that is enough without a nearer place; None: never.
    """

    category: str
    metres: int = Field(gt=0)
    days: float = Field(gt=0)
    area: Literal["district", "street"] | None = None


class Near(Strict):
    """Which open tickets are offered to whoever reports the same: score = meaning × place × age × category."""

    offered_from: float = Field(ge=0, le=1)
    suspected_from: float = Field(ge=0, le=1)
    most: int = Field(ge=1, le=5)
    cosine_unrelated: float = Field(ge=0, lt=1)
    cosine_same: float = Field(gt=0, le=1)
    landmark: float = Field(ge=0, le=1)
    road: float = Field(ge=0, le=1)
    road_apart: float = Field(ge=0, le=1)
    houses_apart: int = Field(ge=0)
    street: float = Field(ge=0, le=1)
    district: float = Field(ge=0, le=1)
    edge: float = Field(ge=0, le=1)
    half_life_days: float = Field(gt=0)
    same_group: float = Field(ge=0, le=1)
    same_subject: float = Field(ge=0, le=1)
    other_subject: float = Field(ge=0, le=1)
    looked_at: int = Field(ge=1)
    reach: tuple[Reach, ...] = Field(min_length=1)

    def reach_of(self, category: str | None) -> Reach:
        """Return the reach of a category: of its longest beginning that has one, else that of `*`."""
        held = [each for each in self.reach if category and f"{category}.".startswith(f"{each.category}.")]
        return max(held, key=lambda each: len(each.category), default=self.reach[-1])

    @model_validator(mode="after")
    def _has_rest(self) -> "Near":
        if self.reach[-1].category != "*":
            raise ValueError("the last reach must be that of *")
        return self


class Negotiating(Strict):
    """How long a department has to say whether a matter is its duty."""

    hours: int = Field(ge=1)


class Topics(Strict):
    """When tickets make a topic, how fast it cools, when there is an early warning, and what is joined and parted."""

    join_from: float = Field(ge=0, le=1)
    cosine_from: float = Field(ge=0, le=1)
    days: int = Field(ge=1)
    half_life_days: float = Field(gt=0)
    weeks: int = Field(ge=1, le=26)
    chance_below: float = Field(gt=0, lt=1)
    new_hours: float = Field(gt=0)
    new_tickets: int = Field(ge=2)
    urgent_hours: float = Field(gt=0)
    urgent_tickets: int = Field(ge=2)
    again_days: float = Field(gt=0)
    hour: int = Field(ge=0, le=23)
    one_from: float = Field(gt=0, le=1)
    apart_below: float = Field(ge=0, lt=1)
    parts_below: float = Field(ge=0, lt=1)
    smallest_part: int = Field(ge=2)

    @model_validator(mode="after")
    def _settles(self) -> "Topics":
        if self.apart_below >= self.one_from:
            raise ValueError("apart_below must be less than one_from, or topics are parted and joined in turn")
        return self


class Urging(Strict):
    """How often a citizen may urge."""

    pause_minutes: int = Field(ge=0)


class Survey(Strict):
    """What counts as satisfied (1 to 5), how often an unsolved ticket goes back by itself, and how agents call.

    `self_days`: how long the citizen may answer alone before an agent calls; `calls`: how many, on different days from
    `call_from` on, may reach nobody; `late_days`: how long after that the citizen may still answer.
    """

    satisfied_from: int = Field(ge=1, le=5)
    reopen_times: int = Field(ge=0)
    self_days: int = Field(ge=0)
    calls: int = Field(ge=1)
    call_from: time
    late_days: int = Field(ge=0)


class Exclusion(Strict):
    """A reason for which a ticket does not count in some figures: by a rule of `routing.figures.facts`, or a person."""

    code: str = Field(pattern=r"^[a-z_]{2,40}$")
    name: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    by: Literal["rule", "person"]
    figures: tuple[str, ...] = Field(min_length=1)
    source: str = Field(min_length=1)


class Returning(Strict):
    """How often a ticket may come back from departments that say it is not their duty."""

    times: int = Field(ge=0)


class Replying(Strict):
    """What a result must have to be an answer: so many different letters or digits."""

    fewest_characters: int = Field(ge=1)


class Suspending(Strict):
    """For how long a ticket may wait at most."""

    max_days: int = Field(ge=1)


class Reopening(Strict):
    """For how long, and how often, a closed ticket that proves unsolved is taken up again."""

    within_days: int = Field(ge=1)
    times: int = Field(ge=0)


class Learning(Strict):
    """What counts as a label, when the classifier is trained on them, and when the new one may serve."""

    settled_after_days: int = Field(ge=0)
    hour: int = Field(ge=0, le=23)
    new_labels: int = Field(ge=1)
    most_labels: int = Field(ge=100)
    newest_part: float = Field(gt=0, lt=1)
    fewest_compared: int = Field(ge=10)
    calibration_error_to: float = Field(ge=0, le=1)
    examples_loss_to: float = Field(ge=0, le=1)


class Drift(Strict):
    """From which change on a report of drift speaks of one."""

    psi_some: float = Field(gt=0)
    psi_much: float = Field(gt=0)
    chance_below: float = Field(gt=0, lt=1)
    sampled: int = Field(ge=50)


class Rules(Strict):
    """What `tickets.yaml` holds."""

    dispatch: Dispatch
    experience: Experience
    risk: Risk
    near: Near
    negotiation: Negotiating
    topics: Topics
    urging: Urging
    survey: Survey
    exclusions: tuple[Exclusion, ...]
    returning: Returning
    replying: Replying
    suspending: Suspending
    reopening: Reopening
    learning: Learning
    drift: Drift


def rules() -> Rules:
    """Return the city's rules. Raises BadInput, naming the field, where the file does not fit."""
    return _rules(city().folder / "tickets.yaml")


@lru_cache(maxsize=4)
def _rules(file: Path) -> Rules:
    return parse(Rules, read_yaml(file), file=file, entry="the file")

"""How the city treats its tickets (`tickets.yaml`): dispatch, similar tickets, urging, the survey."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field

from core.city import city, read_yaml
from routing.data import Strict, parse


class Dispatch(Strict):
    """How departments are ranked, and from which score on no person is asked."""

    automatic_from: float = Field(ge=0, le=1)
    catalogue_lead: float = Field(ge=0, le=1)
    catalogue_co_handler: float = Field(ge=0, le=1)
    duties: float = Field(ge=0, le=1)
    cosine_unrelated: float = Field(ge=0, lt=1)
    cosine_same: float = Field(gt=0, le=1)


class Near(Strict):
    """From which likeness on an open ticket is offered to a citizen who reports the same."""

    similarity_from: float = Field(ge=0, le=1)


class Urging(Strict):
    """How often a citizen may urge."""

    pause_minutes: int = Field(ge=0)


class Survey(Strict):
    """What counts as satisfied (1 to 5), and how often an unsolved ticket goes back to its department by itself."""

    satisfied_from: int = Field(ge=1, le=5)
    reopen_times: int = Field(ge=0)


class Rules(Strict):
    """What `tickets.yaml` holds."""

    dispatch: Dispatch
    near: Near
    urging: Urging
    survey: Survey


def rules() -> Rules:
    """Return the city's rules. Raises BadInput, naming the field, where the file does not fit."""
    return _rules(city().folder / "tickets.yaml")


@lru_cache(maxsize=4)
def _rules(file: Path) -> Rules:
    return parse(Rules, read_yaml(file), file=file, entry="the file")

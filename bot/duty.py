"""When there are people, and which skills they have: the city's rules for handing over (`handover.yaml`)."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from pydantic import Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from core import auth, clock
from core.auth import Permission
from core.city import city, read_yaml
from routing import duty_hours
from routing.data import Strict, parse
from routing.opening_hours import Hours

FILE = "handover.yaml"


class Opening(Strict):
    """When people are on duty."""

    opening: Hours
    source: str = Field(min_length=1)


class Skill(Strict):
    """Something that not everybody on duty can do; who can is asked first, for `reserved_seconds`."""

    code: str = Field(pattern=r"^[a-z_]{1,40}$")
    name: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    reserved_seconds: int = Field(ge=0)
    source: str = Field(min_length=1)

    def named(self, locale: str) -> str:
        """Return its name in a language."""
        return self.name_en if locale == "en" else self.name


class Estimate(Strict):
    """From how many recent conversations a waiting time is estimated, and how long a time is named at most."""

    recent: int = Field(ge=1)
    within_minutes: int = Field(ge=1)
    fewest: int = Field(ge=1)
    longest_minutes: int = Field(ge=1)
    source: str = Field(min_length=1)


class BySeconds(Strict):
    """Seconds by door; a door that is not named is left out."""

    seconds: dict[str, int]
    source: str = Field(min_length=1)


class Rules(Strict):
    """How the city hands over to people."""

    hours: Opening
    skills: tuple[Skill, ...]
    estimate: Estimate
    telling: BySeconds
    silence: BySeconds

    @model_validator(mode="after")
    def _each_once(self) -> "Rules":
        codes = [each.code for each in self.skills]
        if len(set(codes)) != len(codes):
            raise ValueError("a skill is named twice")
        return self


def rules() -> Rules:
    """Return the city's rules. Raises BadInput where `handover.yaml` is missing or does not hang together."""
    return _rules(city().folder)


@lru_cache(maxsize=4)
def _rules(folder: Path) -> Rules:
    return parse(Rules, read_yaml(folder / FILE), file=folder / FILE, entry="the rules")


def skill(code: str | None) -> Skill | None:
    """Return one of the city's skills, or None where the city has no such desk."""
    return next((each for each in rules().skills if each.code == code), None)


async def present(session: AsyncSession, skill: str | None = None) -> bool:
    """Say whether anybody who may take a conversation is signed in; `skill`: anybody with it."""
    return await auth.signed_in(session, Permission.CONVERSATION_TAKE, skill=skill) > 0


def open_again_at() -> datetime | None:
    """Return when people are on duty again, None within duty hours (and where no such hour is near)."""
    return duty_hours.opens_at(rules().hours.opening, clock.now())

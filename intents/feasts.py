"""Feasts and the Chinese calendar: on which day each falls (`data/feasts.yaml`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from core.city import read_yaml

FEASTS = Path(__file__).parent / "data" / "feasts.yaml"
AHEAD = timedelta(days=60)  # how far ahead a day without a year may lie; else it is of the year before


def solar_day(year: int, month: int, day: int) -> datetime | None:
    """Return the day, without a zone, of a date of the Chinese calendar; None where there is no such date."""
    from borax.calendars.lunardate import LunarDate

    try:
        found = LunarDate(year, month, day).to_solar_date()
    except ValueError:
        return None
    return datetime(found.year, found.month, found.day)


@dataclass(frozen=True, slots=True)
class Feast:
    """A feast: where it lies in the year, and how long it lasts."""

    names: tuple[str, ...]
    month: int
    days: int
    day: int = 1
    lunar: bool = False
    term: int | None = None  # number of the solar term, 0 is 小寒
    shift: int = 0  # days from the named day
    before: int = 0  # days off before it

    def on(self, year: int) -> datetime | None:
        """Return the day it falls on in a year, without a zone; None outside of the calendar (1900 … 2100)."""
        from borax.calendars.lunardate import TermUtils

        if self.term is not None:
            found = TermUtils.nth_term_day(year, self.term)
            return datetime(found.year, found.month, found.day)
        day = solar_day(year, self.month, self.day) if self.lunar else datetime(year, self.month, self.day)
        return day + timedelta(days=self.shift) if day else None


@lru_cache(maxsize=1)
def known_feasts() -> dict[str, Feast]:
    """Return the feasts by name."""
    known = [Feast(**{**raw, "names": tuple(raw["names"])}) for raw in read_yaml(FEASTS)]
    return {name: feast for feast in known for name in feast.names}


def feast_day(name: str, year: int | None, now: datetime) -> datetime | None:
    """Return the day of a feast: of the year that is said, else the last that a citizen can mean now."""
    feast = known_feasts()[name]
    for each in (year,) if year is not None else (now.year, now.year - 1):
        day = feast.on(each)
        made = day.replace(tzinfo=now.tzinfo) if day else None
        if made and (year is not None or made <= now + AHEAD):
            return made
    return None

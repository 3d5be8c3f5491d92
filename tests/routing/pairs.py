"""Pairs of reports that tell of one matter or of two, and what is offered of them.

`FITTED` set the weights and thresholds of the sample city; `UNSEEN` were written afterwards and never did.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import nearby, whereabouts
from routing.tickets import Draft
from tests.routing.conftest import noticed

FITTED = Path(__file__).parent / "data" / "duplicates.yaml"
UNSEEN = FITTED.with_name("duplicates_unseen.yaml")


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair: whether it is one matter, and the likeness that the line gives it (0 where it finds none)."""

    same: bool
    score: float
    texts: tuple[str, str]


async def judge(session: AsyncSession, now: datetime, file: Path = FITTED) -> list[Judged]:
    """Open the first report of every pair of a file and look for it with the second, each pair alone."""
    judged = []
    for pair in _read(file):
        savepoint = await session.begin_nested()
        points = pair.get("points", [[None, None], [None, None]])
        with clock.set_to(now - timedelta(hours=pair.get("hours", 24))):
            await noticed(session, _draft(pair, "first", points[0]))
        with clock.set_to(now):
            second = _draft(pair, "second", points[1])
            found = await nearby.near(
                session,
                title=second.title,
                description=second.description,
                category=second.category,
                place=whereabouts.read(second.address, latitude=second.latitude, longitude=second.longitude),
                least=0.0,
            )
        await savepoint.rollback()
        judged.append(Judged(pair["same"], found[0].score if found else 0.0, (pair["first"][0], pair["second"][0])))
    return judged


def _read(file: Path) -> list[dict[str, Any]]:
    pairs: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return pairs


def _draft(pair: dict[str, Any], side: str, point: list[float | None]) -> Draft:
    text, address = pair[side]
    category = pair.get("second_category", pair["category"]) if side == "second" else pair["category"]
    place = whereabouts.read(address)
    return Draft(
        request_type="complaint",
        category=category,
        urgency="general",
        title=f"{address} {nearby.label(category, None)}".strip(),
        description=text,
        channel="web",
        address=address or None,
        district=place.district,
        street=place.street,
        latitude=point[0],
        longitude=point[1],
    )

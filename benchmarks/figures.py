"""Figures on many tickets: how long counting all takes, following a change, and opening a page of each kind.

    YITONG_DATA=FOLDER python -m benchmarks.figures [--rounds 100]

FOLDER was filled by `benchmarks.filling`. Prints one JSON object a line, times in milliseconds.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.database import dispose, transaction
from routing import figures
from routing.figures import Asked
from routing.models import Ticket

CHANGED = 200  # tickets, of which a round of following hears


async def _timed(name: str, rounds: int, run: Callable[[AsyncSession], Awaitable[Any]]) -> None:
    took = []
    for _ in range(rounds):
        async with transaction() as session:
            began = time.perf_counter()
            await run(session)
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    print(
        json.dumps(
            {"what": name, "p50_ms": _ms(statistics.median(took)), "p99_ms": _ms(took[int(len(took) * 0.99) - 1])}
        )
    )


def _ms(value: float) -> float:
    return round(value, 1)


async def _measure(rounds: int) -> None:
    began = time.perf_counter()
    await figures.catch_up()
    async with transaction() as session:
        for table in ("ticket_facts", "figure_days", "figure_reasons"):
            await session.execute(text(f"analyze {table}"))
        tickets = await session.scalar(select(func.count()).select_from(Ticket))
    print(json.dumps({"tickets": tickets, "counted_in_s": round(time.perf_counter() - began, 1)}))
    end = clock.now().date()
    year: dict[str, Any] = {"start": end - timedelta(days=380), "end": end}
    await _timed("rates of a year", rounds, lambda session: figures.rates(session, **year))
    for by in ("department", "district", "category", "channel", "day"):
        await _timed(f"a year by {by}", rounds, lambda session, by=by: figures.parts(session, by=by, **year))  # type: ignore[misc]
    await _timed("first page of a list", rounds, lambda session: _page(session, year, 0))
    await _timed("any page of a list", rounds, lambda session: _page(session, year, None))
    await _timed(
        "reasons of a list",
        rounds,
        lambda session: figures.reasons(session, Asked("solution_rate", "excluded", **year)),
    )
    await _timed(f"following {CHANGED} changes", max(rounds // 10, 3), _follow)
    await dispose()


async def _page(session: AsyncSession, year: dict[str, Any], skip: int | None) -> None:
    dimension, value = random.choice([("all", ""), ("channel", "web"), ("department", "urban_management")])
    part = random.choice(["numerator", "denominator", "excluded"])
    asked = Asked(random.choice(figures.RATES), part, **year, dimension=dimension, value=value)
    await figures.page(session, asked, skip=random.randrange(20_000) if skip is None else skip)


async def _follow(session: AsyncSession) -> None:
    chosen = select(Ticket.id).order_by(func.random()).limit(CHANGED).where(Ticket.state == "accepted")
    await session.execute(
        text("update tickets set changed_at = :now, returns = returns + 1 where id = any(:ids)"),
        {"now": clock.now(), "ids": list(await session.scalars(chosen))},
    )
    await figures.follow(session)


def main() -> None:
    """Measure the database of YITONG_DATA."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=100)
    asyncio.run(_measure(asked.parse_args().rounds))


if __name__ == "__main__":
    main()

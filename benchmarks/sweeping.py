"""Clocks among many: what a sweep costs, and how soon a clock that is due acts, at growing numbers of open tickets.

    python -m benchmarks.sweeping [--tickets 10000 100000 1000000] [--due 1000] [--burst 10000]

Three clocks a ticket, on a database of its own. A sweep is timed with nothing due and with `--due` clocks due. Then a
worker runs as it does in `yitong serve`: single clocks end one after the other, and `--burst` clocks end in the same
second, as those in working days do when offices close; how late each was acted upon is read from its mark, which is
visible once the sweep has committed. Prints one JSON object a line; times in milliseconds, or seconds where said.
"""

import argparse
import asyncio
import json
import statistics
import time
from datetime import datetime, timedelta

from sqlalchemy import text

from admin import service  # noqa: F401 -- with every sweep and job of the line
from benchmarks.filling import AT_ONCE, fill
from benchmarks.scratch import own_line
from core import clock, jobs, logs
from core.database import dispose, transaction
from routing import figures, supervision

ROUNDS = 5
SINGLE = 20  # clocks that end alone
APART = timedelta(seconds=0.7)  # between two of them; no multiple of the sweep's second
SOON = timedelta(seconds=3)  # a burst ends so much later than it was set

# Clocks are met by the newest tickets first, so those that are due lie all over the table.
_END = text(
    "update ticket_clocks set act_at = :at, due_at = :at, started_at = :at - amount * interval '1 hour', warned = 80 "
    "where id in ("
    "select id from ticket_clocks where met_at is null and breached_at is null and act_at > :later "
    "order by hashint8(id) limit :count) returning id"
)
_LEFT = text("select count(*) from ticket_clocks where id = any(:ids) and breached_at is null")
_LATER = timedelta(minutes=30)  # what would act by itself while this measures is left alone


async def _end(at: datetime, count: int) -> list[int]:
    """Let so many running clocks end at a moment, and return their ids."""
    async with transaction() as session:
        return list(await session.scalars(_END, {"at": at, "later": clock.now() + _LATER, "count": count}))


async def _sweep() -> float:
    began = time.perf_counter()
    await supervision.sweep()
    return (time.perf_counter() - began) * 1000


async def _late(ids: list[int], due: datetime) -> float:
    """Return how many seconds after the moment the last of the clocks had been acted upon."""
    while True:
        async with transaction() as session:
            if not await session.scalar(_LEFT, {"ids": ids}):
                return (clock.now() - due).total_seconds()
        await asyncio.sleep(0.02)


async def _single() -> list[float]:
    late = []
    for _ in range(SINGLE):
        due = clock.now() + APART
        late.append(await _late(await _end(due, 1), due))
    return late


async def _measure(tickets: int, due: int, burst: int) -> None:
    await figures.catch_up()  # as a line has done that was not filled at once
    idle = [await _sweep() for _ in range(ROUNDS)]
    busy = []
    for _ in range(ROUNDS):
        await _end(clock.now() - timedelta(seconds=1), due)
        busy.append(await _sweep())
    work = asyncio.create_task(jobs.work())
    try:
        single = await _single()
        ends = clock.now() + SOON
        last = await _late(await _end(ends, burst), ends)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    print(
        json.dumps(
            {
                "open_tickets": tickets,
                "sweep_nothing_due_ms": round(statistics.median(idle), 1),
                f"sweep_{due}_due_ms": round(statistics.median(busy), 1),
                "ms_a_due_clock": round(statistics.median(busy) / due, 2),
                "single_latest_s": round(max(single), 2),
                "single_median_s": round(statistics.median(single), 2),
                f"burst_of_{burst}_last_s": round(last, 2),
            }
        ),
        flush=True,
    )


async def _run(sizes: list[int], due: int, burst: int) -> None:
    there = 0
    await jobs.run_due()  # what a new line does once
    for size in sizes:
        for first in range(there + 1, size + 1, AT_ONCE):
            async with transaction() as session:
                await fill(session, first=first, last=min(first + AT_ONCE - 1, size), open_share=1, days=365)
        there = size
        async with transaction() as session:
            await session.execute(text("analyze tickets"))
            await session.execute(text("analyze ticket_clocks"))
        await _measure(size, due, burst)
    await dispose()


def main() -> None:
    """Measure at each size, growing."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tickets", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    asked.add_argument("--due", type=int, default=1000)
    asked.add_argument("--burst", type=int, default=10_000)
    given = asked.parse_args()
    logs.configure(level="warning")
    with own_line():
        asyncio.run(_run(sorted(given.tickets), given.due, given.burst))


if __name__ == "__main__":
    main()

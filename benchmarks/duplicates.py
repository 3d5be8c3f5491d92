"""How often the open ticket on the same matter is offered, and how often one that only lies near.

    YITONG_DATA=FOLDER python -m benchmarks.duplicates [--pairs]

FOLDER is one that may be thrown away. The pairs are ours (`tests/routing/data/duplicates.yaml`); the line with --pairs
prints each with its score. Thresholds are the sample city's (`tickets.yaml`, near).
"""

import asyncio
import sys

from admin import migrate
from core import clock, database
from routing.rules import rules
from tests.routing import pairs


async def _judged() -> list[pairs.Judged]:
    async with database.engine().connect() as connection, database.AsyncSession(bind=connection) as session:
        found = await pairs.judge(session, clock.now())
        await session.rollback()
    await database.dispose()
    return found


def main() -> None:
    """Print precision and recall at the thresholds, and every pair where asked."""
    migrate.upgrade()
    judged = asyncio.run(_judged())
    if "--pairs" in sys.argv:
        for each in sorted(judged, key=lambda each: -each.score):
            print(f"{each.score:.3f}  {'same' if each.same else 'two '}  {each.texts[0]} | {each.texts[1]}")
    for name in ("offered_from", "suspected_from"):
        least = getattr(rules().near, name)
        shown = [each.same for each in judged if each.score >= least]
        same = sum(each.same for each in judged)
        print(
            f"{name} {least}: {len(shown)} of {len(judged)} pairs, precision {sum(shown) / max(len(shown), 1):.2f}, "
            f"recall {sum(shown) / same:.2f}"
        )


if __name__ == "__main__":
    main()

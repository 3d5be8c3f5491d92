"""How often the open ticket on the same matter is offered, and how often one that only lies near.

    YITONG_DATA=FOLDER python -m benchmarks.duplicates [--pairs]

FOLDER is one that may be thrown away. The pairs are ours: `tests/routing/data/duplicates.yaml`, on which weights and
thresholds (the sample city's, `tickets.yaml`, near) were chosen, and `duplicates_unseen.yaml`, which nothing was fitted
to. With --pairs each is printed with its score.
"""

import asyncio
import sys

from admin import migrate
from core import clock, database
from routing.rules import rules
from tests.routing import pairs


async def _judged() -> dict[str, list[pairs.Judged]]:
    async with database.engine().connect() as connection, database.AsyncSession(bind=connection) as session:
        found = {file.stem: await pairs.judge(session, clock.now(), file) for file in (pairs.FITTED, pairs.UNSEEN)}
        await session.rollback()
    await database.dispose()
    return found


def main() -> None:
    """Print precision and recall of both files at the thresholds, and every pair where asked."""
    migrate.upgrade()
    for file, judged in asyncio.run(_judged()).items():
        if "--pairs" in sys.argv:
            for each in sorted(judged, key=lambda each: -each.score):
                print(f"{each.score:.3f}  {'same' if each.same else 'two '}  {each.texts[0]} | {each.texts[1]}")
        for name in ("offered_from", "suspected_from"):
            least = getattr(rules().near, name)
            shown = [each.same for each in judged if each.score >= least]
            same = sum(each.same for each in judged)
            print(
                f"{file}: {name} {least}: {len(shown)} of {len(judged)} pairs, "
                f"precision {sum(shown) / max(len(shown), 1):.2f}, recall {sum(shown) / same:.2f}"
            )


if __name__ == "__main__":
    main()

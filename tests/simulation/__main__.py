"""Citizens without a language model: they want something, know it, word it as people do, and answer what is asked.

material   matters, questions and places out of the city's own data       phrases.yaml   words of our own
wording    typos, dictation, dialect, traditional characters …            hearing        what a citizen makes of replies
citizens   one citizen with a wish and habits; the same seed, the same person
talks      a conversation with the real line, rolled back afterwards
judging    what was wrong with it: exception, loop, dead end, something told that is lost, two matters mixed
report     figures, and the worst conversations whole

    python -m tests.simulation --conversations 10000 --seed 7 --report FILE.md
    python -m tests.simulation --seed 7 --only 4711           # one of them again, printed whole
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `serve` has it; before anything loads numpy

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.scratch import own_line
from tests.simulation import report
from tests.simulation.judging import Judged, judge

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)  # a Tuesday at ten: what is said of days and hours is the same every night


async def conversations(seed: int, numbers: range) -> list[Judged]:
    """Return the conversations with these numbers, judged: one after the other, so that each is the same every time."""
    from admin import sample, warm
    from core import clock, database
    from tests.simulation.talks import talk

    await sample.load()
    await warm.take_up()
    judged = []
    with clock.set_to(AT, running=True):
        async with database.engine().connect() as connection:
            for number in numbers:
                judged.append(judge(await talk(connection, seed, number)))
                if len(judged) % 500 == 0:
                    print(f"{len(judged)} of {len(numbers)}", file=sys.stderr, flush=True)
    await database.dispose()
    return judged


def main() -> None:
    """Talk, and write the report; exit 1 where a bar is missed."""
    arguments = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="Let simulated citizens talk with a line of their own, and write what was wrong.",
    )
    arguments.add_argument("--conversations", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", type=int, help="one conversation by its number, printed whole")
    arguments.add_argument("--report", type=Path, help="file to write figures and the worst conversations into")
    given = arguments.parse_args()
    numbers = range(given.conversations) if given.only is None else range(given.only, given.only + 1)
    with own_line():
        judged = asyncio.run(conversations(given.seed, numbers))
    if given.only is not None:
        print("\n".join(report.shown(judged[0])))
        return
    text = report.written(judged, seed=given.seed)
    print(text.partition("\n\n")[0])
    if given.report:
        given.report.write_text(text)
    made = report.figures(judged)
    sys.exit(0 if report.within_bars(made) else 1)


if __name__ == "__main__":
    main()

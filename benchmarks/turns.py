"""Turns of a conversation over HTTP: how long one takes with a hundred people talking, and how many go in a second.

    python -m benchmarks.turns [--seconds 60] [--rasa]

One real `serve` as shipped (web processes, worker, embedded PostgreSQL, encoder), in a data folder of its own.
Its citizens are those of `tests/simulation`: reports with forms, questions, small talk, corrections, commands on their
tickets; every sentence comes over the public interface, on one connection a citizen. Only the limit of messages a
minute is lifted, since all of them come from one address.

people     100 at once, each a turn every 5 s; a turn's time counts from when it was due, also where the line was late
flat out   16 at once, each speaking again at once
--rasa     then, in half the time each, by the same driver in the same run: the line with `YITONG_DIALOGUE=rasa`, and a
           small stock project (`stock_rasa`) that hears the same sentences over its stock REST channel; both with the
           Rasa of `./yitong rasa install`, each started for itself. With `--seconds 45` it takes about 7 minutes
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Protocol

import psutil

from benchmarks import stock_rasa
from benchmarks.rest import Citizens, Rest
from benchmarks.scratch import own_line
from bot.rasa import place
from tests.processes import Line, RasaServer, free_port
from tests.simulation.citizens import Citizen

PEOPLE, PAUSE = 100, 5.0  # who talk at once, seconds between the turns of one
TALKERS = 16  # flat out
WARM = 10.0  # seconds before counting begins
SEED = 6
PHOTO = "照片发过了"  # said for a photo, which is no turn of words

Said = list[list[str]]  # the sentences of each conversation
Replies = list[dict[str, Any]]
Speaker = Callable[[Replies], str | None]  # what is said to the replies, None at the end


class Door(Protocol):
    """One citizen's way to an engine."""

    async def begin(self) -> None: ...
    async def say(self, text: str) -> Replies: ...


class Talks:
    """Conversations one after the other, by simulated citizens or said again from a list; every turn is timed."""

    def __init__(self, seconds: float, said: Said | None = None) -> None:
        self.begins = time.monotonic() + WARM
        self.ends = self.begins + seconds
        self.times: list[float] = []
        self.turns = 0  # also those before counting began
        self.said: Said = []
        self._again = iter(said * 1000) if said else None
        self._numbers = count()

    async def one_after_the_other(self, door: Door, *, pause: float = 0.0, first: float = 0.0) -> None:
        """Talk until the end; `pause`: seconds from turn to turn, `first`: until the first."""
        due = time.monotonic() + first
        while time.monotonic() < self.ends:
            await door.begin()
            speaker = self._citizen() if self._again is None else self._repeated(next(self._again))
            text = speaker([])
            while text is not None:
                if pause:
                    await asyncio.sleep(due - time.monotonic())
                else:
                    due = time.monotonic()
                replies = await door.say(text)
                self.turns += 1
                if self.begins <= due < self.ends:
                    self.times.append(time.monotonic() - due)
                if time.monotonic() >= self.ends:
                    return
                due += pause
                text = speaker(replies)

    def _citizen(self) -> Speaker:
        """Return what a simulated citizen says, and keep it."""
        citizen, sentences = Citizen(SEED, next(self._numbers)), list[str]()
        self.said.append(sentences)

        def speak(replies: Replies) -> str | None:
            step = citizen.go_on(replies) if sentences else citizen.begin()
            if step is None:
                return None
            sentences.append(step.text or PHOTO)
            return sentences[-1]

        return speak

    def _repeated(self, sentences: list[str]) -> Speaker:
        left = iter(sentences)
        return lambda _: next(left, None)

    @property
    def rate(self) -> float:
        """Return the turns a second."""
        return len(self.times) / (self.ends - self.begins)

    def line(self, what: str) -> str:
        """Return the figures in a line."""
        times = sorted(self.times)
        middle, most = (1000 * times[int(share * (len(times) - 1))] for share in (0.5, 0.99))
        return f"{what:40} {self.rate:8.1f} turns/s  median {middle:7.1f} ms  p99 {most:7.1f} ms  {len(times)} turns"


async def people(make: Callable[[], Door], seconds: float) -> Talks:
    """Let a hundred people talk, each at the pace of one who reads and types."""
    talks, chance = Talks(seconds), Random(SEED)
    await asyncio.gather(
        *[talks.one_after_the_other(make(), pause=PAUSE, first=chance.uniform(0, PAUSE)) for _ in range(PEOPLE)]
    )
    return talks


async def flat_out(make: Callable[[], Door], talkers: int, seconds: float, said: Said | None = None) -> Talks:
    """Let some people talk without a pause."""
    talks = Talks(seconds, said)
    await asyncio.gather(*[talks.one_after_the_other(make()) for _ in range(talkers)])
    return talks


def spent(folder: Path) -> float:
    """Return the processor seconds that the line on a data folder and its database have taken so far."""
    taken = 0.0
    for each in psutil.process_iter(["cmdline", "cpu_times"]):
        words = each.info["cmdline"] or []
        if any(word.startswith(str(folder)) for word in words):
            times = each.info["cpu_times"]
            taken += times.user + times.system + times.children_user + times.children_system
            for backend in each.children() if words[0].endswith("postgres") else ():
                with suppress(psutil.NoSuchProcess):
                    taken += sum(backend.cpu_times()[:2])
    return taken


def measure(seconds: float, *, with_rasa: bool) -> None:
    """Print a line for each."""
    with own_line() as folder:

        def timed(what: str, run: Callable[[], Coroutine[Any, Any, Talks]]) -> Talks:
            load, before = os.getloadavg()[0], spent(folder)
            talks = asyncio.run(run())
            taken = 1000 * (spent(folder) - before) / talks.turns
            print(f"{talks.line(what)}  {taken:5.1f} ms of processor a turn  load before {load:.1f}", flush=True)
            return talks

        def driven(engine: str, seconds: float, **chosen: str) -> Talks:
            """Return what was said flat out to the line with an engine."""
            processes = os.environ.get("YITONG_WEB_PROCESSES", "0")  # as shipped: one for each core
            line = Line(
                folder,
                YITONG_WEB_PROCESSES=processes,
                YITONG_MESSAGE_RATE="1000000/minute",
                YITONG_LOG_LEVEL="warning",
                **chosen,
            )

            def door() -> Citizens:
                return Citizens(line.url)

            try:
                line.start()
                timed(f"{engine}, {PEOPLE} people, a turn every 5 s", lambda: people(door, seconds))
                said = timed(f"{engine}, flat out, {TALKERS} at once", lambda: flat_out(door, TALKERS, seconds))
                timed(f"{engine}, one alone", lambda: flat_out(door, 1, seconds / 2))
            finally:
                line.stop()
            if failed := line.log().count("rasa.failed"):
                print(f"{engine}: Rasa failed {failed} times, and was left alone for a while after each", flush=True)
            return said

        talks = driven("built-in", seconds)
        if not with_rasa:
            return
        beside = RasaServer(folder, free_port())
        try:
            beside.start()
            ruled = driven("Rasa rules", seconds / 2, YITONG_DIALOGUE="rasa", YITONG_RASA_URL=beside.address)
        finally:
            beside.stop()
    with tempfile.TemporaryDirectory() as project, stock_rasa.started(place.python(), Path(project)) as url:
        stock = asyncio.run(flat_out(lambda: Rest(url), TALKERS, seconds / 2, talks.said))
        print(stock.line(f"stock Rasa 3.6.21, flat out, {TALKERS} at once"), flush=True)
        alone = asyncio.run(flat_out(lambda: Rest(url), 1, seconds / 4, talks.said))
        print(alone.line("stock Rasa 3.6.21, one alone"), flush=True)
    for engine, made in (("built-in", talks), ("Rasa rules", ruled)):
        print(f"{engine} ÷ stock Rasa, flat out: {made.rate / stock.rate:.1f}")


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--rasa", action="store_true", help="the same with Rasa (./yitong rasa install)")
    given = arguments.parse_args()
    measure(given.seconds, with_rasa=given.rasa)


if __name__ == "__main__":
    main()

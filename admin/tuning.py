"""A city's own encoder, from its texts to a version that may serve: gathered, tuned, exported, compared, stored."""

import asyncio
import fcntl
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from admin import warm
from core import versions
from core.database import transaction
from core.errors import BadInput, Conflict, Unavailable
from core.settings import settings
from core.text import bert, encode, lessons, models, pretrained, tuning
from core.text.lessons import Lessons, Pair
from core.text.tuning import Progress, Recipe
from intents import categories, labelled
from kb import articles
from kb.passages import split
from routing import labels

MOST_TICKETS = 50_000
NAME = "city"  # of the encoder; its digest tells one from another


class Stopped(Exception):
    """Whoever waited for the tuning does so no longer."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it: the stored version, its figures, and whether it serves now."""

    version: int
    figures: dict[str, Any]
    better: bool
    in_service: bool


async def gather(labelled_file: Path | None, pairs_file: Path | None) -> Lessons:
    """Return what the line can learn from: settled tickets, the taxonomy's examples, the articles, a city's own files.

    `labelled_file`: JSONL with `text` and `label`; `pairs_file`: JSONL with `question` and `answer`. Raises BadInput,
    naming file and line, for a broken file, and where there is too little.
    """
    known = [(example, leaf.code) for leaf in categories.tree().leaves() for example in leaf.examples]
    asked: list[Pair] = []
    async with transaction() as session:
        settled = await labels.settled(session, most=MOST_TICKETS)
        published = await articles.listing(session, state=articles.State.PUBLISHED)
    known += [(label.text, label.category) for label in settled if label.category]
    for article in published:
        asked += [(question, article.title) for question in article.questions]
        asked += [(passage.text, article.title) for passage in split(article.body)]
    if labelled_file:
        read = labelled.load(labelled_file, text="text", label="label")
        known += zip(read.texts, read.labels, strict=True)
    if pairs_file:
        read = labelled.load(pairs_file, text="question", label="answer")
        asked += zip(read.texts, read.labels, strict=True)
    return await asyncio.to_thread(lessons.of, known, asked)


async def tune(
    material: Lessons, *, recipe: Recipe, force: bool, progress: Progress, say: Callable[[str], None]
) -> Tuned:
    """Tune the encoder of the settings, store it, and put it in service where it is better than what serves.

    `force`: in any case. `say` hears what happens now. Raises BadInput where that encoder cannot be tuned, Unavailable
    where the libraries are missing, Conflict while another run tunes in this data folder.
    """
    if settings().encoder == "hashing":
        raise BadInput("YITONG_ENCODER is hashing, which has nothing to tune; name a model.")
    work = settings().data.expanduser() / "tuning"
    with _alone(work):
        await warm.take_up()
        return await _tune(material, recipe, force, work, progress, say)


async def _tune(
    material: Lessons, recipe: Recipe, force: bool, work: Path, progress: Progress, say: Callable[[str], None]
) -> Tuned:
    serving = encode.encoder()
    stopped = threading.Event()

    def step(done: int, steps: int, loss: float) -> None:
        progress(done, steps, loss)
        if stopped.is_set():
            raise Stopped

    running = asyncio.ensure_future(asyncio.to_thread(_tuned, material, recipe, work, step, say))
    try:
        files, figures = await asyncio.shield(running)
    except asyncio.CancelledError:  # the thread goes on until it is told, and keeps what it has done
        stopped.set()
        await asyncio.gather(running, return_exceptions=True)
        raise
    about = {
        "base": settings().encoder,
        "recipe": asdict(recipe),
        "texts": len(material.texts()),
        "compared_with": serving.fingerprint,
    }
    better = lessons.better(figures["after"], figures["before"])
    async with transaction() as session:
        version = await versions.store(session, "encoder", files=files, figures=figures, about=about)
        if better or force:
            await versions.put_in_service(session, version)
    await asyncio.to_thread(shutil.rmtree, work)
    return Tuned(version.id, figures, better, better or force)


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Hold the folder that a run works in. Raises Conflict where another process holds it."""
    try:
        work.parent.mkdir(parents=True, exist_ok=True)
        lock = work.with_suffix(".lock").open("w")
    except OSError as error:
        raise Unavailable(f"The folder {work.parent} cannot be written ({error.strerror}).") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"Another tuning runs in {work.parent}; wait for its end.") from None
        yield


def _tuned(
    material: Lessons, recipe: Recipe, work: Path, progress: Progress, say: Callable[[str], None]
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of a tuned encoder and its figures beside those of the one in service."""
    say("Measuring the encoder in service…")
    before = lessons.measure(encode.encoder(), material)
    base = settings().encoder
    say(f"Loading {base}…")
    shutil.rmtree(work / "base", ignore_errors=True)
    like = models.locate(base)
    if like:
        model = bert.restore(like, work / "base", beside=encode.load(base))
    else:
        model = pretrained.sentence_transformer(base)
    say("Tuning…")
    run = tuning.tune(model, material, folder=work / "checkpoints", recipe=recipe, progress=progress)
    say("Exporting and comparing…")
    made = work / "made"
    shutil.rmtree(made, ignore_errors=True)
    figures: dict[str, Any] = {}
    if like:
        figures["export_cosine"] = round(bert.export(model, like, made, name=NAME), 4)
    else:  # another architecture is served through the extra, as it was tuned
        model.save(str(made), create_model_card=False)
    after = lessons.measure(encode.load(str(made)), material)
    files = {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    return files, figures | {"before": before, "after": after, "run": asdict(run)}

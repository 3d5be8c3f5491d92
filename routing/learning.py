"""Training the classifier on the line's own tickets, by night or by hand; only a better one is put in service."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs, versions
from core.auth import SYSTEM, Actor
from core.city import city
from core.database import transaction
from core.errors import BadInput, Unavailable
from core.text.encode import encoder, pinned
from intents import categories, classify, training
from intents.labelled import load
from intents.trained import FILE
from routing import labels
from routing.rules import rules

log = structlog.get_logger()

TICKETS, FROM_FILE = "tickets", "file"  # where labels come from


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training came to: the version that it made, whether that serves now, and if not why not."""

    version: int
    in_service: bool
    against: list[str]
    figures: dict[str, Any] = field(default_factory=dict)


@jobs.sweep("learning.nightly", seconds=900)
async def nightly() -> None:
    """In the hour of `learning.hour`, order a training where there is enough to learn from."""
    if clock.now().astimezone(ZoneInfo(city().time_zone)).hour != rules().learning.hour:
        return
    async with transaction() as session:
        if await is_due(session):
            await jobs.defer(session, "learning.train", lock="learning")


@jobs.task("learning.train")
async def train_by_night() -> None:
    """Train where it is still due: several workers may have ordered it."""
    async with transaction() as session:
        due = await is_due(session)
    if not due:
        return
    try:
        outcome = await train_on_tickets()
    except (BadInput, Unavailable) as error:
        log.info("learning.nothing_learnt", reason=error.sentence)
        return
    log.info("learning.trained", version=outcome.version, in_service=outcome.in_service, against=outcome.against)


async def is_due(session: AsyncSession) -> bool:
    """Say whether enough tickets were settled since the last training, or what serves was made by another encoder.

    Never in a process that does not answer with the encoder in service: it cannot compare with what serves.
    """
    if await versions.encoder_lags(session, encoder()):
        return False
    made = await versions.listing(session, "categories")
    until = next((each.about.get("until") for each in made if each.about.get("source") == TICKETS), None)
    new = await labels.count_since(session, datetime.fromisoformat(until) if until else None)
    if new >= rules().learning.new_labels:
        return True
    last = made[:1] + [each for each in made if each.state == versions.State.IN_SERVICE]  # tried, and serving
    return bool(last) and encoder().fingerprint not in {each.about.get("made_by") for each in last}


async def train_on_tickets(*, actor: Actor = SYSTEM) -> Outcome:
    """Train on the settled tickets. Raises BadInput, in a sentence, where they are too few or all of one category."""
    async with transaction() as session:
        found = await labels.settled(session, most=rules().learning.most_labels)
    if not found:
        raise BadInput("No ticket has been settled yet; there is nothing to learn from.")
    usable = [(label.text, label.category) for label in found if label.category]
    about = {"source": TICKETS, "until": max(label.settled_at for label in found).isoformat()}
    return await train([text for text, _ in usable], [code for _, code in usable], about=about, actor=actor)


async def train_on_file(path: Path, *, text: str = "text", label: str = "label", actor: Actor = SYSTEM) -> Outcome:
    """Train on a labelled JSONL file, oldest line first; `label` names the column with the code of a leaf.

    Raises BadInput, naming file and line, for a file that cannot be used.
    """
    found = await asyncio.to_thread(load, path, text=text, label=label)
    most = rules().learning.most_labels
    leaves = {leaf.code for leaf in categories.tree().leaves()}
    for line, code in zip(found.lines, found.labels, strict=True):
        if code not in leaves:
            raise BadInput(f"{path}, line {line}: “{code}” is no category of the third level of this city.")
    about = {"source": FROM_FILE, "file": path.name}
    try:
        return await train(found.texts[-most:], found.labels[-most:], about=about, actor=actor)
    except BadInput as error:
        raise BadInput(f"{path}: {error.sentence}") from None


async def train(texts: Sequence[str], codes: Sequence[str], *, about: dict[str, Any], actor: Actor = SYSTEM) -> Outcome:
    """Train on labelled texts, oldest first; keep the model as a version, and put it in service where it is better.

    `codes`: of categories; `about`: where the texts come from. Takes minutes, in a thread; no transaction is open
    meanwhile. Raises BadInput, in a sentence, for texts that nothing can be learnt from, Unavailable where this process
    does not answer with the encoder in service; then nothing is kept.
    """
    with pinned():
        return await _train(texts, codes, about={**about, "made_by": encoder().fingerprint}, actor=actor)


async def _train(texts: Sequence[str], codes: Sequence[str], *, about: dict[str, Any], actor: Actor) -> Outcome:
    weights = rules().learning
    async with transaction() as session:
        await _check_encoder(session)
        serving = await versions.in_service(session, "categories")
        folder = await versions.folder(session, serving) if serving else None
    arrays = await asyncio.to_thread(classify.stored, folder) if folder else None
    trained = await asyncio.to_thread(training.train, texts, codes, newest_part=weights.newest_part, serving=arrays)
    against = training.reasons_against(
        trained,
        fewest_compared=weights.fewest_compared,
        calibration_error_to=weights.calibration_error_to,
        examples_loss_to=weights.examples_loss_to,
    )
    about["compared_with"] = serving.id if serving else None
    async with transaction() as session:
        await _check_encoder(session)  # another may have been put in service meanwhile
        made = await versions.store(
            session,
            "categories",
            files={FILE: trained.content},
            figures=trained.figures() | {"against": against},
            about=about,
            actor=actor,
        )
        now = await versions.in_service(session, "categories")
        if (now.id if now else None) != (serving.id if serving else None):
            against.append("another version was put in service meanwhile")
        if not against:
            await versions.put_in_service(session, made, actor=actor)
    return Outcome(version=made.id, in_service=not against, against=against, figures=trained.figures())


async def _check_encoder(session: AsyncSession) -> None:
    """Raise Unavailable where what this process makes would not be comparable with what serves, nor fit it."""
    if reason := await versions.encoder_lags(session, encoder()):
        raise Unavailable(f"Nothing is trained. {reason}")

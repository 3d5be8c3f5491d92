"""Signing on this machine: the day's checkpoint, and what the machine remembers of the last one that it signed.

Whoever may delete rows could take the last checkpoint away, change what it covered and wait until an honest worker
signs that. So the worker keeps what it signed beside its key, and signs nothing for a ledger that has lost it.
"""

import json
import os
from datetime import timedelta
from typing import Any

import structlog

from core import clock, jobs
from core.city import city
from core.database import transaction
from core.errors import BadInput, Conflict, Unavailable
from core.ledger import checkpoints, keys
from core.ledger.checkpoints import Checkpoint

log = structlog.get_logger()

FILE = "ledger.signed"
SWEEP_SECONDS = 60.0  # how often a worker looks whether today's checkpoint is there


async def sign(*, lost_key: bool = False) -> Checkpoint | None:
    """Make a checkpoint as `checkpoints.make` does, commit it and remember it; None where nothing is to be signed.

    Raises what `make` raises, and Conflict where the ledger no longer holds what this machine signed last.
    """
    async with transaction() as session:
        kept = remembered()
        if kept and (lacking := await checkpoints.lacking(session, kept)):
            raise Conflict(
                f"{lacking} Nothing is signed until that is explained; where a backup was restored knowingly, move "
                f"{FILE} out of the data folder and keep it as evidence."
            )
        made = await checkpoints.make(session, lost_key=lost_key)
    if made:
        _remember(checkpoints.document(made))
    return made


def remembered() -> dict[str, Any] | None:
    """Return the last checkpoint that this machine signed, None where it signed none yet.

    Raises Unavailable where the file holds something else.
    """
    file = keys.folder() / FILE
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        checkpoints.require_signed(kept)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, BadInput):
        raise Unavailable(f"{file} is to hold the last checkpoint that this machine signed, and does not.") from None
    return kept


def _remember(document: dict[str, Any]) -> None:
    file = keys.folder() / FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(document) + "\n", encoding="utf-8")
        beside.replace(file)
    except OSError as error:  # the checkpoint is committed; only this machine's memory of it is older
        log.warning("ledger.not_remembered", reason=error.strerror)


@jobs.sweep("ledger.checkpoint", seconds=SWEEP_SECONDS)
async def daily() -> None:
    """Make the day's checkpoint (the city's day), on a machine that holds the key."""
    async with transaction() as session:
        last = await checkpoints.newest(session)
    zone = city().time_zone
    today = clock.local(clock.now(), zone).date()
    # One that is dated after tomorrow was made by a clock that ran ahead; it must not be the last until that day.
    if last and today <= clock.local(last.at, zone).date() <= today + timedelta(days=1):
        return
    try:
        made = await sign()
    except (Conflict, Unavailable) as error:  # the next round finds the transaction ended; doctor says the rest
        log.warning("ledger.no_checkpoint", reason=type(error).__name__)
        return
    if made:
        log.info("ledger.checkpoint", number=made.number, events=made.events)

"""Vectors of the base's sentences, kept on disk so that a start encodes only what is new."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog

from core.settings import settings
from core.text.encode import Encoder, Vectors

log = structlog.get_logger()

SPARE = 10_000  # unused sentences that may stay in the file; 2 kB each

Vectorise = Callable[[Sequence[str]], Vectors]


def kept(encoder: Encoder) -> Vectorise:
    """Return a function like `encoder.encode` that keeps its vectors in `<data>/cache`, by encoder and content.

    Sentences no longer in use are kept until they are many, so that going back and forth costs nothing.
    """
    name = re.sub(r"[^\w.-]", "_", encoder.fingerprint)
    path = settings().data.expanduser() / "cache" / f"knowledge-{name}.npz"

    def vectorise(texts: Sequence[str]) -> Vectors:
        digests = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        known = _read(path, encoder.dimension)
        new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if new:
            known |= dict(zip(new, encoder.encode(list(new.values())), strict=True))
            if len(known) > 2 * len(set(digests)) + SPARE:
                known = {digest: known[digest] for digest in digests}
            _write(path, list(known), np.stack(list(known.values())))
        if not digests:
            return np.zeros((0, encoder.dimension), dtype=np.float32)
        return np.stack([known[digest] for digest in digests])

    return vectorise


def _read(path: Path, dimension: int) -> dict[str, Vectors]:
    try:
        with path.open("rb") as file, np.load(file) as held:
            digests, vectors = held["digests"], held["vectors"]
            if vectors.shape != (len(digests), dimension):
                raise ValueError("shape")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, BadZipFile, EOFError):
        log.warning("knowledge.cache_unreadable", file=path.name)  # it is made anew
        return {}
    return dict(zip(digests.tolist(), vectors, strict=True))


def _write(path: Path, digests: list[str], vectors: Vectors) -> None:
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.savez(file, digests=np.array(digests), vectors=vectors)
        beside.replace(path)
    except OSError as error:
        log.warning("knowledge.cache_unwritable", file=path.name, reason=error.strerror)  # slower next time
        with suppress(OSError):
            beside.unlink(missing_ok=True)

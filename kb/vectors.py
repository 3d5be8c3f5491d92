"""Vectors of the base's sentences, kept on disk so that a start encodes only what is new."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog

from core.settings import settings
from core.text.encode import Encoder, Vectors

log = structlog.get_logger()

Vectorise = Callable[[Sequence[str]], Vectors]


def kept(encoder: Encoder) -> Vectorise:
    """Return a function like `encoder.encode` that keeps its vectors in `<data>/cache`, by encoder and content.

    The file afterwards holds the sentences of the last call and no others, so it does not grow with edits.
    """
    name = re.sub(r"[^\w.-]", "_", encoder.fingerprint)
    path = settings().data.expanduser() / "cache" / f"knowledge-{name}.npz"

    def vectorise(texts: Sequence[str]) -> Vectors:
        digests = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        known = _read(path, encoder.dimension)
        new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if new:
            known |= dict(zip(new, encoder.encode(list(new.values())), strict=True))
        used = sorted(set(digests))
        if new:
            _write(path, used, np.stack([known[digest] for digest in used]))
        if not digests:
            return np.zeros((0, encoder.dimension), dtype=np.float32)
        return np.stack([known[digest] for digest in digests])

    return vectorise


def _read(path: Path, dimension: int) -> dict[str, Vectors]:
    try:
        with np.load(path) as file:
            digests, vectors = file["digests"], file["vectors"]
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
        beside.unlink(missing_ok=True)

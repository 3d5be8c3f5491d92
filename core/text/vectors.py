"""What was computed once and can be computed again: arrays in `<data>/cache`, named by what they were made from.

Safe for several processes: a file is written beside and moved into place whole; a broken one is made anew.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import structlog
from numpy.typing import NDArray

from core.settings import settings
from core.text.encode import Encoder, Vectors

SPARE = 10_000  # unused sentences that may stay in a file; 2 kB each

log = structlog.get_logger()

Arrays = Mapping[str, NDArray[Any]]
Vectorise = Callable[[Sequence[str]], Vectors]


def digest(*parts: Any) -> str:
    """Return a name for what something is made from (JSON values), 24 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:24]


def _read(path: Path) -> Arrays | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        log.warning("cache.broken", file=path.name, error=type(error).__name__)
        return None


def _write(path: Path, arrays: Arrays) -> None:
    """Store the arrays; a disk that is full or not writable costs the next start its speed and nothing else."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.stem}-", delete=False) as file:
            temporary = Path(file.name)
            np.savez(file, allow_pickle=False, **dict(arrays))
        os.replace(temporary, path)
    except OSError as error:
        log.warning("cache.not_written", file=path.name, error=type(error).__name__)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def arrays(name: str, made_from: str, make: Callable[[], Arrays], *, needs: Sequence[str]) -> Arrays:
    """Return the arrays `name` made from `made_from` (a digest): stored ones that hold all of `needs`, or new."""
    path = _path(f"{name}-{made_from}")
    stored = _read(path)
    if stored is not None and set(needs) <= stored.keys():
        return stored
    made = make()
    _write(path, made)
    return made


def kept(name: str, encoder: Encoder) -> Vectorise:
    """Return a function like `encoder.encode` that keeps its vectors in a file `name`, by encoder and content.

    Sentences no longer in use are kept until they are many, so that going back and forth costs nothing.
    """
    made_by = re.sub(r"[^\w.-]", "_", encoder.fingerprint)
    path = _path(f"{name}-{made_by}")

    def vectorise(texts: Sequence[str]) -> Vectors:
        digests = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        known = _known(path, encoder.dimension)
        new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if new:
            known |= dict(zip(new, encoder.encode(list(new.values())), strict=True))
            if len(known) > 2 * len(set(digests)) + SPARE:
                known = {digest: known[digest] for digest in digests}
            _write(path, {"digests": np.array(list(known)), "vectors": np.stack(list(known.values()))})
        if not digests:
            return np.zeros((0, encoder.dimension), dtype=np.float32)
        return np.stack([known[digest] for digest in digests])

    return vectorise


def _known(path: Path, dimension: int) -> dict[str, Vectors]:
    stored = _read(path)
    if stored is None or not {"digests", "vectors"} <= stored.keys():
        return {}
    digests, vectors = stored["digests"], stored["vectors"]
    return dict(zip(digests.tolist(), vectors, strict=True)) if vectors.shape == (len(digests), dimension) else {}


def _path(name: str) -> Path:
    return settings().data.expanduser() / "cache" / f"{name}.npz"

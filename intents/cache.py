"""What was computed once and can be computed again: arrays in `<data>/cache`, named by what they were made from.

Safe for several processes: a file is written beside and moved into place whole; a broken one is made anew.
"""

import hashlib
import json
import os
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

log = structlog.get_logger()

Arrays = Mapping[str, NDArray[Any]]


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
    path = settings().data.expanduser() / "cache" / f"{name}-{made_from}.npz"
    stored = _read(path)
    if stored is not None and set(needs) <= stored.keys():
        return stored
    made = make()
    _write(path, made)
    return made


def vectors(name: str, texts: Sequence[str], encoder: Encoder) -> Vectors:
    """Return one vector a text, encoded at the first start and stored."""

    def make() -> Arrays:
        return {"vectors": encoder.encode(list(texts))}

    made = arrays(name, digest(encoder.fingerprint, list(texts)), make, needs=["vectors"])["vectors"]
    return made if made.shape == (len(texts), encoder.dimension) else encoder.encode(list(texts))

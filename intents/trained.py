"""The file of a trained classifier (`training`): plain arrays that belong to one tree and one encoder."""

import hmac
import io
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.privacy import key_for
from core.text.encode import encoder
from intents.categories import Tree

FILE = "categories.npz"
_HALVED = ("words", "whitening")  # the large arrays; half the precision changes no answer
LEARNT = "learnt"  # the array of the texts that a model has seen, as `marks`
Arrays = Mapping[str, NDArray[Any]]


def marks(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return a keyed digest of each text (64 bits): nobody without the line's secret key can try texts out."""
    key = key_for("learnt texts")
    return np.array([int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:8]) for text in texts], dtype=np.uint64)


def packed(arrays: Arrays, known: Tree) -> bytes:
    """Return the file of a model that was made from this tree with the encoder in use."""
    made = dict(arrays) | {"leaves": _leaves(known), "made_by": np.array(encoder().fingerprint)}
    for name in _HALVED:
        made[name] = made[name].astype(np.float16)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **made)
    return file.getvalue()


def unpacked(content: bytes) -> Arrays:
    """Return the arrays of a model. Raises BadInput where the file is broken."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        raise BadInput("The trained model cannot be read: its file is broken.") from None


def fits(arrays: Arrays, known: Tree) -> bool:
    """Say whether a model belongs to this tree and the encoder in use; one that does not must not be asked."""
    made_by, leaves = arrays.get("made_by"), arrays.get("leaves")
    return str(made_by) == encoder().fingerprint and leaves is not None and np.array_equal(leaves, _leaves(known))


def _leaves(known: Tree) -> NDArray[np.str_]:
    return np.array([leaf.code for leaf in known.leaves()])

"""Character grams of a text, hashed: the lexical voice beside the embeddings, and the columns of the trained model."""

import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SIZE = 1 << 14  # slots; the lexical voice weighs little, so a few collisions do no harm
LENGTHS = (1, 2, 3)
LONGEST = 4000  # characters read of one text


def grams(plain: str, *, lengths: Sequence[int] = LENGTHS, slots: int = SIZE) -> dict[int, list[int]]:
    """Return for each length (in characters) the slot of the gram that begins at each character of a text.

    The checksum of a gram goes on from that of the shorter one before its last character.
    """
    letters = [letter.encode() for letter in plain]
    sums = [0] * len(letters)
    found = {}
    for length in range(1, max(lengths) + 1):
        sums = list(map(zlib.crc32, letters[length - 1 :], sums))
        if length in lengths:
            found[length] = [each % slots for each in sums]
    return found


def counts(plain: str, *, lengths: Sequence[int] = LENGTHS, slots: int = SIZE) -> Counter[int]:
    """Return how often each slot occurs in a normalised text; `lengths`: of the grams, in characters."""
    return Counter(chain.from_iterable(grams(plain, lengths=lengths, slots=slots).values()))


def matrix(texts: Sequence[str], *, lengths: Sequence[int] = LENGTHS, slots: int = SIZE) -> "csr_matrix":
    """Return the damped counts (1 + log) of normalised texts, shape (texts, slots)."""
    from scipy.sparse import csr_matrix

    found = [counts(text[:LONGEST], lengths=lengths, slots=slots) for text in texts]
    starts = np.cumsum([0, *(len(each) for each in found)])
    columns = np.fromiter((each for row in found for each in row), dtype=np.intp, count=int(starts[-1]))
    values = np.fromiter((count for each in found for count in each.values()), dtype=np.float32, count=int(starts[-1]))
    return csr_matrix((1 + np.log(values), columns, starts), shape=(len(texts), slots))


def rarity(counted: "csr_matrix") -> NDArray[np.float32]:
    """Return the inverse document frequency of every slot over the rows of `matrix`, shape (SIZE,)."""
    seen = np.bincount(counted.indices, minlength=SIZE)
    idf: NDArray[np.float32] = (np.log((1 + counted.shape[0]) / (1 + seen)) + 1).astype(np.float32)
    return idf


def weigh(plain: str, idf: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the slots of a normalised text and their TF-IDF weights, of length one together."""
    found = counts(plain[:LONGEST])
    slots = np.fromiter(found, dtype=np.intp, count=len(found))
    weights = (1 + np.log(np.fromiter(found.values(), dtype=np.float32, count=len(found)))) * idf[slots]
    return slots, weights / max(float(np.linalg.norm(weights)), 1e-12)

"""One text as the steps of understanding read it: normalised, cut into pieces, encoded once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors, encoder
from core.text.normalise import normalise

PIECE = 128  # characters that one piece of a long letter holds
PIECES = 16  # pieces read of one letter, from its beginning and its end: 2,000 characters say what it is about
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")
_SALUTATION = re.compile(r"(尊敬的[^，,：:。！!\s]{1,16}[，,：:！!\s]+)?(您好|你好|领导好)?[，,。！!：:\s]*")


@dataclass(frozen=True, slots=True)
class Reading:
    """`plain`: the normalised text; `pieces`: what was encoded; `vector`: their mean, of length one.

    `made_by` is the fingerprint of the encoder: the vector is compared with its vectors only.
    """

    plain: str
    pieces: tuple[str, ...]
    vector: NDArray[np.float32]
    made_by: str

    @property
    def row(self) -> Vectors:
        """Return the vector as a matrix of one row."""
        return self.vector[None, :]


def pieces(plain: str) -> tuple[str, ...]:
    """Return a normalised text in pieces of whole sentences; a letter's salutation is left out."""
    salutation = _SALUTATION.match(plain)
    body = plain[salutation.end() :] if salutation else plain
    if len(body) <= PIECE:
        return (body or plain,)
    packed = [""]
    for sentence in _SENTENCE.findall(body):
        for start in range(0, len(sentence), PIECE):
            part = sentence[start : start + PIECE]
            if len(packed[-1]) + len(part) > PIECE:
                packed.append("")
            packed[-1] += part
    packed = [piece for piece in packed if piece.strip()] or [body[:PIECE]]
    return tuple(packed if len(packed) <= PIECES else packed[: PIECES - 4] + packed[-4:])


def read_all(texts: Sequence[str]) -> list[Reading]:
    """Return the reading of each text, also of an empty one; their pieces are encoded together."""
    plain = [normalise(text) for text in texts]
    parts = [pieces(each) for each in plain]
    used = encoder()
    encoded = used.encode([piece for each in parts for piece in each])
    ends = np.cumsum([len(each) for each in parts]).tolist()
    readings = []
    for row, end in enumerate(ends):
        mean = encoded[end - len(parts[row]) : end].mean(axis=0)
        vector = mean / max(float(np.linalg.norm(mean)), 1e-12)
        readings.append(Reading(plain=plain[row], pieces=parts[row], vector=vector, made_by=used.fingerprint))
    return readings


def read(text: str) -> Reading:
    """Return the reading of any text, also an empty one."""
    return read_all([text])[0]

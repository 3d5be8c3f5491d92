"""Sentences to vectors. Every vector is of length one; an index carries its encoder's fingerprint."""

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from core.errors import Unavailable
from core.settings import settings
from core.text import models
from core.text.normalise import normalise

log = structlog.get_logger()

Vectors = NDArray[np.float32]

BATCH = 32
CACHE = 8192


class Encoder(Protocol):
    """What turns sentences into vectors."""

    fingerprint: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, float32, shape (len(texts), dimension), each of length 1."""
        ...


class OnnxEncoder:
    """An int8 ONNX sentence encoder on onnxruntime, batched by length, with a cache of single sentences."""

    def __init__(self, name: str, *, threads: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        found = models.find(name)
        self.fingerprint = found.fingerprint
        self.dimension = found.dimension
        self._output = found.output
        self._tokenizer = Tokenizer.from_file(str(found.files["tokenizer"]))
        self._tokenizer.enable_truncation(found.longest)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a sentence is too short to share; batches run side by side instead
        self._threads = threads
        self._session = onnxruntime.InferenceSession(
            str(found.files["model"]), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [each.name for each in self._session.get_inputs()]
        self._cached = lru_cache(maxsize=CACHE)(self._encode_one)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text. Safe to call from several threads."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if len(texts) == 1:
            return self._cached(texts[0])[None, :]
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        with ThreadPoolExecutor(min(self._threads, len(batches))) as pool:
            rows = pool.map(lambda chosen: self._run([texts[index] for index in chosen]), batches)
            for chosen, found in zip(batches, rows, strict=True):
                vectors[chosen] = found
        return vectors

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._run([text])[0]
        vector.setflags(write=False)
        return vector

    def _run(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch([normalise(text) or " " for text in texts])
        feeds = {
            "input_ids": np.array([each.ids for each in encoded], dtype=np.int64),
            "attention_mask": np.array([each.attention_mask for each in encoded], dtype=np.int64),
            "token_type_ids": np.array([each.type_ids for each in encoded], dtype=np.int64),
        }
        rows: Vectors = self._session.run([self._output], {name: feeds[name] for name in self._inputs})[0]
        rows = rows.astype(np.float32)
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return unit


class HashingEncoder:
    """No model: hashed character 1- to 3-grams. What the line falls back to when the encoder's files are missing."""

    fingerprint = "hashing:1"
    dimension = 512

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            plain = normalise(text) or " "
            for size in (1, 2, 3):
                for start in range(len(plain) - size + 1):
                    hashed = hashlib.blake2b(plain[start : start + size].encode(), digest_size=4).digest()
                    number = int.from_bytes(hashed, "big")
                    vectors[row, number % self.dimension] += size if number >> 31 else -size
        unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit


_lock = threading.Lock()
_encoder: Encoder | None = None
_degraded: str | None = None


def encoder() -> Encoder:
    """Return this process's encoder, loaded at the first call; without its files, the hashing one and a warning."""
    global _encoder, _degraded
    with _lock:
        if _encoder is None:
            if settings().encoder == "hashing":
                _encoder = HashingEncoder()
            else:
                try:
                    _encoder = OnnxEncoder(settings().encoder, threads=settings().encoder_threads)
                except Unavailable as error:
                    _degraded = error.sentence
                    log.warning("encoder.degraded", reason=error.sentence)
                    _encoder = HashingEncoder()
        return _encoder


def degraded() -> str | None:
    """Return why the encoder in use is not the one that the settings name, or None."""
    encoder()
    return _degraded

"""Sentences to vectors. Every vector is of length one; an index carries its encoder's fingerprint.

The encoder of a process can be changed while it serves: a request that began with one ends with it (`pinned`), and what
is made from vectors is made anew for the new one beside the old (`per_encoder`), so nothing is ever compared across.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from core.errors import YitongError
from core.settings import settings
from core.text import models
from core.text.normalise import normalise

log = structlog.get_logger()

P = ParamSpec("P")
Made = TypeVar("Made")
Vectors = NDArray[np.float32]

KEPT = 2  # of what is made for each encoder: the one in service, and the one before or after it


class Encoder(Protocol):
    """What turns sentences into vectors."""

    fingerprint: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, float32, shape (len(texts), dimension), each of length 1."""
        ...


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


def load(name: str) -> Encoder:
    """Return the encoder that the setting `encoder` calls `name`, freshly loaded.

    A name of models.yaml, `hashing`, a folder that `yitong encoder tune` made (it holds encoder.yaml), or the folder or
    name of any sentence-transformers or transformers model. Raises Unavailable where files or libraries are
    missing, BadInput where a card is broken.
    """
    if name == "hashing":
        return HashingEncoder()
    if found := models.locate(name):
        from core.text.onnx import OnnxEncoder

        return OnnxEncoder(found)
    from core.text.pretrained import PretrainedEncoder

    return PretrainedEncoder(name)


_loading = threading.Lock()
_defaults: dict[str, tuple[Encoder, str | None]] = {}  # by the setting's value
_lock = threading.Lock()
_encoder: Encoder | None = None
_degraded: str | None = None
_version: int | None = None
_pinned: ContextVar[Encoder | None] = ContextVar("encoder", default=None)


def encoder() -> Encoder:
    """Return the encoder of this request, else of this process.

    It is loaded at the first call; without its files it is the hashing one, with a warning.
    """
    return _pinned.get() or served()


def default() -> tuple[Encoder, str | None]:
    """Return the encoder of the settings and None, or the hashing one and why it has to do; loaded once."""
    name = settings().encoder
    with _loading:
        if name not in _defaults:
            try:
                _defaults[name] = load(name), None
            except YitongError as error:
                log.warning("encoder.degraded", reason=error.sentence)
                _defaults[name] = HashingEncoder(), error.sentence
        return _defaults[name]


def served() -> Encoder:
    """Return the encoder of this process, whatever is pinned."""
    global _encoder, _degraded
    with _lock:
        if _encoder is None:
            _encoder, _degraded = default()
        return _encoder


@contextmanager
def using(chosen: Encoder) -> Iterator[Encoder]:
    """Let `encoder()` be `chosen` within the block, in this task or thread and those that it starts."""
    token = _pinned.set(chosen)
    try:
        yield chosen
    finally:
        _pinned.reset(token)


@contextmanager
def pinned() -> Iterator[Encoder]:
    """Keep one encoder within the block whatever is put in service meanwhile; `@pinned()` for a whole function."""
    with using(encoder()) as chosen:
        yield chosen


def put_in_service(chosen: Encoder, *, version: int | None = None, degraded: str | None = None) -> None:
    """Let this process answer with `chosen` from the next request on.

    `version`: its number in `core.versions`, None for the one of the settings; `degraded`: why it is not the right one.
    """
    global _encoder, _degraded, _version
    with _lock:
        _encoder, _degraded, _version = chosen, degraded, version
    log.info("encoder.in_service", encoder=chosen.fingerprint, version=version)


def version() -> int | None:
    """Return the version (`core.versions`) that this process answers with, or None: the encoder of the settings."""
    return _version


def degraded() -> str | None:
    """Return why the encoder in service is not the one that it should be, or None."""
    served()
    return _degraded


def per_encoder(make: Callable[P, Made]) -> Callable[P, Made]:
    """Keep what `make` returns for each encoder and (hashable) arguments, the `KEPT` used last.

    Making it for one encoder holds up nobody who uses another; two who want the same wait for one making.
    """
    made: OrderedDict[Hashable, Future[Made]] = OrderedDict()
    lock = threading.Lock()

    @wraps(make)
    def get(*args: P.args, **kwargs: P.kwargs) -> Made:
        key = (encoder().fingerprint, args, tuple(sorted(kwargs.items())))
        with lock:
            future = made.get(key)
            mine = future is None
            if future is None:
                future = made[key] = Future()
            made.move_to_end(key)
            while len(made) > KEPT:
                made.popitem(last=False)
        if mine:
            try:
                future.set_result(make(*args, **kwargs))
            except BaseException as error:
                with lock:
                    made.pop(key, None)
                future.set_exception(error)
        return future.result()

    return get

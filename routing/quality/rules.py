"""The city's words and thresholds of the quality check (`quality.yaml`)."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from core.city import city, read_yaml
from intents import RequestType
from routing.data import Strict, parse

Words = Annotated[re.Pattern[str], BeforeValidator(re.compile)]
PATTERNS = Strict.model_config | {"arbitrary_types_allowed": True}


class Drift(Strict):
    """When a request is taken for a complaint or tip-off that was filed as something milder.

    The log-odds are a sum: `base`, and weights for the cue words of complaints and tip-offs (`cues`), for words that
    `told` something that happened, that ask in `general`, suggest or praise, and for the log-odds that the
    classifier's category is usually one of complaints (`category`).
    """

    model_config = PATTERNS

    probable_from: float = Field(gt=0, lt=1)
    base: float
    cues: float
    told: float
    general: float
    suggestion: float
    praise: float
    category: float
    told_words: Words
    general_words: Words


class Required(Strict):
    """Which elements a request must have, of those that its category asks for, and of which request types."""

    elements: tuple[str, ...]
    request_types: tuple[RequestType, ...]
    what_from: int = Field(ge=0)  # characters that say what the matter is


class Lessons(Strict):
    """When findings of a kind are no longer shown unasked."""

    decided_from: int = Field(ge=1)
    dismissed_share: float = Field(gt=0.5, le=1)
    days: int = Field(ge=1)
    shown_one_in: int = Field(ge=2)


class Quality(Strict):
    """What `quality.yaml` holds; patterns are regular expressions."""

    model_config = PATTERNS

    relevance_below: float = Field(ge=0, le=2)
    same_matter_from: float = Field(gt=0, le=1)
    copied_share: float = Field(gt=0, le=1)
    sentence_from: int = Field(ge=5)
    substance_from: int = Field(ge=1)
    contact_for: tuple[RequestType, ...]
    required: Required
    lessons: Lessons
    drift: Drift
    boilerplate: Words
    empty: Words
    deed: Words
    promise: Words
    date: Words
    rude: Words
    reveals: Words
    result: Words
    basis: Words
    contact: Words


def quality() -> Quality:
    """Return the city's rules. Raises BadInput, naming the field, where the file does not fit."""
    return _quality(_file())


def fingerprint() -> str:
    """Return what tells these rules from others: tickets that others read are read again by `review_past`."""
    return _fingerprint(_file())


def _file() -> Path:
    return city().folder / "quality.yaml"


@lru_cache(maxsize=4)
def _quality(file: Path) -> Quality:
    return parse(Quality, read_yaml(file), file=file, entry="the file")


@lru_cache(maxsize=4)
def _fingerprint(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]

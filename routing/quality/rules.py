"""The city's words and thresholds of the quality check (`quality.yaml`)."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from core.city import city, read_yaml
from routing.data import Strict, parse

Words = Annotated[re.Pattern[str], BeforeValidator(re.compile)]


class Quality(Strict):
    """What `quality.yaml` holds; patterns are regular expressions."""

    model_config = Strict.model_config | {"arbitrary_types_allowed": True}

    relevance_below: float = Field(ge=0, le=2)
    same_matter_from: float = Field(gt=0, le=1)
    copied_share: float = Field(gt=0, le=1)
    sentence_from: int = Field(ge=5)
    substance_from: int = Field(ge=1)
    boilerplate: Words
    empty: Words
    deed: Words
    promise: Words
    date: Words
    rude: Words
    reveals: Words
    result: Words
    basis: Words


def quality() -> Quality:
    """Return the city's rules. Raises BadInput, naming the field, where the file does not fit."""
    return _quality(city().folder / "quality.yaml")


@lru_cache(maxsize=4)
def _quality(file: Path) -> Quality:
    return parse(Quality, read_yaml(file), file=file, entry="the file")

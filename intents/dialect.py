"""Words of dialects (咋整, 啥子, 冇, 侬, 俺, 恁) by what they mean in Mandarin (`data/dialect.yaml`).

For understanding only: rules and models read the meaning beside what was said, and what was said is what is kept.
"""

import re
from functools import lru_cache
from pathlib import Path

from core.city import read_yaml

WORDS = Path(__file__).parent / "data" / "dialect.yaml"


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), meaning) for pattern, meaning in read_yaml(WORDS).items())


def in_mandarin(plain: str) -> str:
    """Return a normalised text with the known words of dialects in Mandarin; the same text where there are none."""
    for pattern, meaning in _words():
        plain = pattern.sub(meaning, plain)
    return plain

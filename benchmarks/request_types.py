"""How often a complaint filed as a consultation is seen, by cue words alone and by the probability beside them.

    python -m benchmarks.request_types --posts POSTS.jsonl --letters LETTERS.jsonl

POSTS (`title`, `text`) are of a complaint line and count as complaints; of LETTERS (`type`, `title`, `content`) those
of the type 咨询 count as consultations. Judged are the odd lines of POSTS and the even ones of LETTERS: the weights of
`quality.yaml` were fitted on the others. Beside them our own texts (`tests/routing/quality/types.jsonl`): of every two
pairs the second is judged.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from core.text.normalise import normalise
from intents import RequestType, labelled, request_types
from routing.quality import requests

OWN = Path(__file__).parent.parent / "tests/routing/quality/types.jsonl"
_HEAD = re.compile(r"提问：|编号:\d*")


def main() -> None:
    """Print both shares for each kind of text."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--posts", type=Path, required=True)
    asked.add_argument("--letters", type=Path, required=True)
    given = asked.parse_args()
    letters = [
        (f"{row['title']} {row['content']}", False)
        for number, row in labelled.rows(given.letters)
        if row["type"] == "咨询" and not number % 2
    ]
    posts = [
        (f"{_HEAD.sub('', row['title'])} {row['text']}", True)
        for number, row in labelled.rows(given.posts)
        if number % 2
    ]
    judged = letters + posts
    own = [(row["given"]["request"], bool(row["found"])) for _, row in labelled.rows(OWN)]
    second = [each for number, each in enumerate(own) if number // 2 % 2]
    for name, texts in (("real", judged), ("own", second)):
        for complains in (True, False):
            _print(
                f"{name}, {'complaints' if complains else 'others'}",
                [text for text, kind in texts if kind is complains],
            )


def _print(name: str, texts: Sequence[str]) -> None:
    filed = RequestType.CONSULTATION
    cued = sum(request_types.request_type(normalise(each), filed) in requests.SERIOUS for each in texts)
    seen = sum(bool(requests.drift(each, filed)) for each in texts)
    print(f"{name:<20}{len(texts):>5}  cue words {cued / len(texts):.3f}  now {seen / len(texts):.3f}")


if __name__ == "__main__":
    main()

"""What an encoder is tuned on and measured by: texts that belong together, a part of them held out."""

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from core.errors import BadInput
from core.text.encode import Encoder
from core.text.normalise import normalise

LONGEST = 300  # characters of a text that are read; the matter stands at its beginning
HELD_OUT = 26  # of 256: a tenth
MOST_SOUGHT, MOST_AMONG = 500, 4000  # texts that a measurement encodes
FEWEST = 2  # groups with two texts or more, below which there is nothing to learn
MOST_FALL = 0.01  # what one figure may lose where the others gain

# Four digits and more, Chinese ones too, however they are grouped or starred: telephones, identity numbers, cards.
_DIGIT = r"\d〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_NUMBER = re.compile(rf"[{_DIGIT}](?:[-–—.·*\s]{{0,4}}[{_DIGIT}xX]){{3,}}")

Row = TypeVar("Row")
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Texts in groups. Two of one group belong together; those of different groups do not."""

    groups: Mapping[str, tuple[str, ...]]
    sought: tuple[Pair, ...]  # held out: a text and its label
    asked: tuple[Pair, ...]  # held out: a wording and what it belongs to

    def digest(self) -> str:
        """Return a name for the texts, so that an interrupted run goes on only with the same ones."""
        shown = repr((sorted(self.groups.items()), self.sought, self.asked))
        return hashlib.sha256(shown.encode()).hexdigest()[:16]

    def texts(self) -> list[str]:
        """Return every text that is learnt from, each once."""
        return list(dict.fromkeys(text for group in self.groups.values() for text in group))

    def batches(self, pairs: int, seed: int) -> list[list[Pair]]:
        """Return one epoch: every text once, beside another of its group, `pairs` of such pairs a batch.

        Each element is a text and its group.
        """
        chance = random.Random(seed)
        together: list[tuple[Pair, Pair]] = []
        for label, group in sorted(self.groups.items()):
            texts = chance.sample(group, len(group))
            if len(texts) % 2:
                texts.append(chance.choice(texts[:-1]))
            together += [((one, label), (other, label)) for one, other in zip(texts[::2], texts[1::2], strict=True)]
        chance.shuffle(together)
        cut = [together[start : start + pairs] for start in range(0, len(together), pairs)]
        return [[text for pair in batch for text in pair] for batch in cut if len({pair[0][1] for pair in batch}) > 1]


def without_numbers(text: str) -> str:
    """Return a normalised text without long numbers: nobody's may be learnt, and no matter is known by them."""
    return _NUMBER.sub("", text)


def _plain(rows: Iterable[Pair]) -> list[Pair]:
    cut = [(without_numbers(normalise(one[: 2 * LONGEST]))[:LONGEST], other) for one, other in rows]
    return [(one, other) for one, other in dict.fromkeys(cut) if one and other]


def _held_out(text: str) -> bool:
    """Say whether a text is kept for measuring: by its content, so that every run keeps the same ones."""
    return hashlib.sha256(text.encode()).digest()[0] < HELD_OUT


def of(labelled: Iterable[Pair], pairs: Iterable[Pair]) -> Lessons:
    """Return the lessons in labelled texts, as (text, label), and in pairs, as (wording, what it belongs to).

    Wordings of the same thing are one group. Raises BadInput where there is too little to learn from.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    sought: list[Pair] = []
    asked: list[Pair] = []
    for text, label in _plain(labelled):
        if _held_out(text):
            sought.append((text, f"label {label}"))
        else:
            groups[f"label {label}"].append(text)
    about = _plain((about, wording) for wording, about in pairs)
    for thing in dict.fromkeys(thing for thing, _ in about):
        groups[f"pair {thing}"].append(thing)
    for wording, thing in _plain((wording, about) for about, wording in about):
        if wording == thing:
            continue
        if _held_out(wording):
            asked.append((wording, thing))
        else:
            groups[f"pair {thing}"].append(wording)
    kept = {label: tuple(dict.fromkeys(texts)) for label, texts in groups.items()}
    kept = {label: texts for label, texts in kept.items() if len(texts) > 1}
    if len(kept) < FEWEST:
        raise BadInput(
            "There is too little to learn from: at least two labels, or two things asked for, with two texts each."
        )
    known = tuple((text, label) for text, label in sought if label in kept)
    return Lessons(groups=kept, sought=known, asked=tuple(asked))


def measure(encoder: Encoder, lessons: Lessons) -> dict[str, float]:
    """Return how well the held-out texts find what they belong to, shares between 0 and 1.

    `neighbour`: the nearest text that was learnt has the same label; `pair`: the nearest of all things is the right
    one. A figure without held-out texts is left out.
    """
    chance = random.Random(0)
    figures = {}
    if lessons.sought:
        known = [
            (text, label) for label, group in lessons.groups.items() if label.startswith("label ") for text in group
        ]
        figures["neighbour"] = _recall(
            encoder, _some(chance, lessons.sought, MOST_SOUGHT), _some(chance, known, MOST_AMONG)
        )
    if lessons.asked:
        asked = _some(chance, lessons.asked, MOST_SOUGHT)
        things = dict.fromkeys([thing for _, thing in asked])
        others = [label.removeprefix("pair ") for label in lessons.groups if label.startswith("pair ")]
        things |= dict.fromkeys(_some(chance, others, MOST_AMONG))
        figures["pair"] = _recall(encoder, asked, [(thing, thing) for thing in things])
    return figures


def better(after: Mapping[str, float], before: Mapping[str, float]) -> bool:
    """Say whether the figures are better: on the whole, and no single one clearly worse."""
    gains = [after[name] - before[name] for name in after.keys() & before.keys()]
    return bool(gains) and sum(gains) > 0 and min(gains) >= -MOST_FALL


def _some(chance: random.Random, rows: Sequence[Row], most: int) -> list[Row]:
    return list(rows) if len(rows) <= most else chance.sample(rows, most)


def _recall(encoder: Encoder, sought: list[Pair], among: list[Pair]) -> float:
    queries = encoder.encode([text for text, _ in sought])
    known = encoder.encode([text for text, _ in among])
    nearest = (queries @ known.T).argmax(axis=1)
    right = [among[int(row)][1] == label for row, (_, label) in zip(nearest, sought, strict=True)]
    return round(float(np.mean(right)), 4)

"""What reading a file gives."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """An article as far as its file says it: fields of `Document`, some of them perhaps missing.

    `place` is where in the file (`line 3`, `表一 第3行`); `notes` are sentences for the editor. `whole` says that the
    file names its fields itself, with front matter or the complete header: the city's own, not somebody's document.
    """

    fields: dict[str, Any]
    place: str = ""
    notes: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """A row whose answer an earlier row of the same list already has; its question went there."""

    place: str
    into: str  # the place of the earlier row


class Refused(Exception):
    """Why a file, or one `place` in it, was left out: one sentence."""

    def __init__(self, sentence: str, place: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.place = place


@dataclass(slots=True)
class Page:
    """A document on its way to an article: Markdown with headings of any level, and the title its properties give."""

    markdown: str
    title: str = ""
    notes: list[str] = field(default_factory=list)

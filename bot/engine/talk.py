"""One turn while it is being answered: what came in, what is known, what is said."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

import intents
from bot.contract import Reply, ReplyType, Turn
from bot.engine import phrases
from bot.engine.state import Option, State
from bot.wording import wording
from core.settings import settings
from core.text.normalise import clean, normalise
from intents import Understanding
from intents.dialect import in_mandarin

_ORDINALS = "一二三四五六七八九十"
_ORDINAL = re.compile(rf"^(?:第|选|选择)?\s*(?:([1-9]|10)|([{_ORDINALS}]))\s*(?:个|项|条)?[。.!！]?$")


Given = TypeVar("Given")
Made = TypeVar("Made")
_known: ContextVar[dict[str, Understanding] | None] = ContextVar("understood in this turn", default=None)


class Then(StrEnum):
    """What a form does after a turn."""

    ASK = "ask"
    OPEN = "open"


@dataclass(slots=True)
class Talk:
    """The turn, the state it began with and changes, and the replies so far."""

    session: AsyncSession
    turn: Turn
    state: State
    text: str = ""  # as a person may be shown it
    plain: str = ""  # as rules read it: dialects' words in Mandarin, no fillers
    replies: list[Reply] = field(default_factory=list)
    driven: bool = False  # another engine asks what the form lacks and has its ticket opened
    then: Then | None = None  # what it is to do, where it is driven
    doubted: bool = False  # it was asked in the turn before whether anybody is in danger
    resumes: bool = False  # the form's question is said again, after something else came between
    summary_stands: bool = False  # it was read back before that, and holds
    opening: str = ""  # said before a form's first question
    heard: Understanding | None = None  # what the turn was understood as, whatever part of it is looked at later
    came_back: bool = False  # after hours or days
    number_open: bool = False  # `State.number_open` as the turn began
    _understood: Understanding | None = None

    def __post_init__(self) -> None:
        self.text = clean(self.turn.text)
        self.plain = _plain(self.turn.text)
        self.number_open, self.state.number_open = self.state.number_open, False

    async def understood(self) -> Understanding:
        """Return what `intents` makes of the text."""
        if self._understood is None:
            self._understood = await understand(self.text)
            self.heard = self.heard or self._understood
        return self._understood

    def replace(self, text: str) -> None:
        """Let the turn be another text: what was told before a question that is now answered."""
        self.text, self.plain, self._understood = clean(text), _plain(text), None

    def word(self, key: str, **values: Any) -> str:
        """Return a message in the citizen's language."""
        return wording(key, self.state.locale, **values)

    def say(
        self,
        key: str,
        *,
        type: ReplyType = ReplyType.TEXT,
        data: dict[str, Any] | None = None,
        why: dict[str, Any] | None = None,
        **values: Any,
    ) -> None:
        """Say a message of the catalogue; `why` is kept for staff."""
        self.say_text(self.word(key, **values), type=type, data=data, why={"message": key} | (why or {}))

    def say_text(
        self, text: str, *, why: dict[str, Any], type: ReplyType = ReplyType.TEXT, data: dict[str, Any] | None = None
    ) -> None:
        """Say a text that comes from the city's data (an instruction, an answer)."""
        self.replies.append(Reply(type, text, (data or {}) | {"why": why}))

    def offer(
        self,
        key: str,
        *,
        expects: str,
        options: list[Option],
        why: dict[str, Any] | None = None,
        **values: Any,
    ) -> None:
        """Ask with a choice; what is chosen comes back as the words of its label."""
        self.state.expect(expects, options)
        shown = [
            {"value": option.label, "label": option.label} | ({"heard": option.heard} if option.heard else {})
            for option in options
        ]
        self.say(key, type=ReplyType.CHOICE, data={"options": shown}, why=why, **values)

    def options(self, *codes: str) -> list[Option]:
        """Return options whose labels stand in the catalogue as `option.<code>`."""
        return [Option(code, self.word(f"option.{code}")) for code in codes]

    def chosen(self) -> str | None:
        """Return the code of the offered option that the text names: its label, its place in the list, its code."""
        options = self.state.options
        bare = self.plain.strip(" 。.!！，,")
        for option in options:
            if bare in {normalise(option.label), option.code}:
                return option.code
        place = _ORDINAL.match(bare)
        if place and options:
            index = int(place[1]) if place[1] else _ORDINALS.index(place[2]) + 1
            return options[index - 1].code if index <= len(options) else None
        inside = [option.code for option in options if len(bare) <= 12 and normalise(option.label) in bare]
        return inside[0] if len(inside) == 1 else None


def _plain(text: str) -> str:
    return phrases.without_fillers(in_mandarin(normalise(phrases.without_pictures(text))))


async def understand(text: str) -> Understanding:
    """Return what `intents` makes of a text, without stopping other conversations meanwhile.

    Within `one_turn` the same text is understood once, however many steps ask.
    """
    known = _known.get()
    if known is not None and text in known:
        return known[text]
    found = await _beside(intents.understand, text)
    if known is not None:
        known[text] = found
    return found


async def _beside(understand: Callable[[Given], Made], given: Given) -> Made:
    """Return what `understand` makes of what is given, in a thread, for the encoder of this request."""
    loop, context = asyncio.get_running_loop(), copy_context()
    return await loop.run_in_executor(_threads(), context.run, understand, given)


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Return the threads that understand: more of them than processors only take the interpreter from each other."""
    return ThreadPoolExecutor(settings().encoder_threads, thread_name_prefix="understand")


async def understand_all(texts: Sequence[str]) -> list[Understanding]:
    """Return what `intents` makes of several texts, faster than one by one; within `one_turn` as `understand`."""
    known = _known.get()
    new = [text for text in dict.fromkeys(texts) if known is None or text not in known]
    heard = dict(zip(new, await _beside(intents.understand_all, new), strict=True)) if new else {}
    found = heard if known is None else known
    found.update(heard)
    return [found[text] for text in texts]


@contextmanager
def one_turn() -> Iterator[None]:
    """Remember within the block what was understood of each text; not longer, for what is said of time grows old."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def digest(text: str) -> str:
    """Return a short digest by which the same words are known again."""
    return hashlib.sha256(re.sub(r"\W", "", normalise(text)).encode()).hexdigest()[:16]

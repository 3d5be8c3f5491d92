"""Whole sentences in pinyin (ludeng huaile): read by the words of the examples, and asked about before they count."""

import re
from collections import Counter
from functools import lru_cache

from bot.engine import phrases
from bot.engine.talk import Talk
from core.text.segment import terms
from intents.classify import classifier
from kb.spelling import Spelling

EXPECTS = "meant"


@lru_cache(maxsize=1)
def _spelling() -> Spelling:
    """Return the words and pairs of characters of the examples that a citizen would say, by their sounds."""
    examples = classifier().examples
    spoken = examples.plain[: examples.spoken]
    held = Counter(term for plain in spoken for term in set(terms(plain)) if len(term) > 1)
    return Spelling(held, len(spoken))


def read(plain: str) -> str:
    """Return what letters sound like, or nothing."""
    meant, changes = _spelling().correct(plain)
    return "" if not changes or re.search("[a-z]", meant) else meant


async def ask(talk: Talk) -> bool:
    """Ask whether the citizen means what their letters sound like; False where they sound like nothing."""
    meant = read(talk.plain)
    if not meant:
        return False
    talk.state.question = meant
    why = {"rule": "pinyin", "meant": meant}
    talk.offer("pinyin.meant", expects=EXPECTS, options=talk.options("yes", "no"), why=why, meant=meant)
    return True


async def answer(talk: Talk) -> bool:
    """Take the answer: what was meant is the turn, after a no another try is asked for; other words are a new turn."""
    chosen, state = talk.chosen(), talk.state
    state.expect("")
    if chosen == "no" or phrases.says("no", talk.plain):
        talk.say("bad.unreadable", why={"rule": "not_meant"})
        return True
    if chosen == "yes" or phrases.says("yes", talk.plain):
        talk.replace(state.question)
    return False

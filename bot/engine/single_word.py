"""A single word (户口, 路灯) says what it is about and not what is wanted: the line asks, with likely questions."""

import re

import kb
from bot.engine import people, phrases
from bot.engine.state import Option
from bot.engine.talk import Talk
from core.text.segment import words
from intents import RequestType
from intents.categories import tree
from kb import words as meanings

LONGEST = 5  # characters
MOST_OFFERED = 4  # questions
_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_HAPPENS = re.compile(r"[坏停漏断堵吵臭脏破裂塌倒掉丢欠骗打偷闹淹冒爆撞抢乱缺]|扰民|不[亮热通来]|没[水电气]")


async def ask(talk: Talk) -> bool:
    """Ask what about it; False for more than a word, and for one that tells what happens (停水)."""
    state, word = talk.state, talk.plain.strip(" 。.!！?？，,")
    if state.form is not None or state.locale != "zh_CN" or state.article or not _single(word):
        return False
    understood = await talk.understood()
    usual = tree().usual_request_type(understood.category.code) if understood.category else RequestType.CONSULTATION
    hits = await kb.search(talk.session, word, limit=MOST_OFFERED) if usual is RequestType.CONSULTATION else []
    state.question = talk.text
    why = {"rule": "topic", "articles": [hit.article for hit in hits]}
    if hits:
        options = [Option(hit.article, hit.title) for hit in hits] + talk.options("other")
        talk.offer("topic.which", expects="which", options=options, why=why, word=word)
    elif understood.category is not None:
        state.expect("clarify")
        talk.say("topic.what", why=why, word=word)
    return bool(hits) or understood.category is not None


def _single(word: str) -> bool:
    """Say whether a normalised text is one thing's name and nothing else."""
    if not _HAN.fullmatch(word) or len(word) > LONGEST or _HAPPENS.search(word) or people.name_in(word):
        return False
    if any(phrases.says(each, word) for each in ("yes", "no", "skip", "anonymous")):
        return False
    return len(words(word)) <= 2 and not (meanings.asks(word) or meanings.reports(word))

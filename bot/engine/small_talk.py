"""What is no request: greetings, thanks, questions about the line itself, abuse, and what nobody can read."""

import re

import kb
from bot.engine import answers, asking, phrases, repeats, sentences
from bot.engine.talk import Talk

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[a-z']+")
_OTHER_SCRIPT = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f\u0900-\u097f]")
# The words that hold English sentences together; two of them make a text English, and not a command or a keyboard roll.
_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "am",
        "was",
        "were",
        "be",
        "been",
        "i",
        "you",
        "he",
        "she",
        "it",
        "we",
        "they",
        "my",
        "your",
        "our",
        "their",
        "this",
        "that",
        "there",
        "here",
        "in",
        "on",
        "at",
        "of",
        "to",
        "for",
        "from",
        "with",
        "and",
        "or",
        "but",
        "not",
        "no",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "can",
        "could",
        "will",
        "would",
        "should",
        "how",
        "what",
        "where",
        "when",
        "why",
        "who",
        "which",
        "please",
        "help",
        "need",
        "want",
        "hi",
        "hello",
        "thanks",
        "thank",
        "light",
        "lamp",
        "street",
        "road",
        "water",
        "power",
        "noise",
        "broken",
        "outside",
        "near",
        "me",
        "apply",
        "get",
        "report",
        "complain",
        "problem",
        "speak",
        "english",
        "yes",
        "ok",
        "okay",
    ]
)
_ALONE = frozenset(("hi", "hello", "hey", "help", "english"))

FEWEST_LETTERS = 4  # of a text without Chinese that is to be read at all


async def nothing_said(talk: Talk) -> bool:
    """Answer what holds no words: nothing, a photo alone, emoji, signs, another script. Sets the language."""
    state, plain = talk.state, talk.plain
    if talk.turn.media and not re.search(r"\w", plain):
        return await _photo(talk)
    if _HAN.search(plain):
        state.locale = "zh_CN" if not _OTHER_SCRIPT.search(plain) else state.locale
    elif _english(plain):
        state.locale = "en"
    if _OTHER_SCRIPT.search(plain) and not _mostly_han(plain):
        why = {"rule": "other_language"}
        state.skill = "other_language"
        talk.offer("bad.language", expects="offer", options=talk.options("person", "cancel"), why=why)
        return True
    if not re.search(r"\w", plain):
        return await _say_and_go_on(talk, "bad.signs" if plain else "bad.empty", rule="nothing_said")
    return False


def _english(plain: str) -> bool:
    words = _LATIN_WORD.findall(plain)
    known = [word for word in words if word in _ENGLISH]
    return (len(known) >= 2 and 3 * len(known) >= len(words)) or (
        bool(words) and len(words) <= 2 and words[0] in _ALONE
    )


def _mostly_han(plain: str) -> bool:
    return 2 * len(_OTHER_SCRIPT.findall(plain)) < len(_HAN.findall(plain))


async def _photo(talk: Talk) -> bool:
    """Take a photo that comes without words."""
    state = talk.state
    if state.form is not None:
        state.form.media.extend(talk.turn.media)
        return await _say_and_go_on(talk, "photo.taken", rule="photo")
    if state.tickets:
        return await repeats.offer_photo(talk)
    talk.say("photo.what", why={"rule": "photo"})
    state.photos.extend(talk.turn.media)
    return True


async def answer(talk: Talk) -> bool:
    """Answer small talk, and go on with an open form; False where the text is something else."""
    plain, form = talk.plain, talk.state.form
    if phrases.says("robot", plain) and len(plain) <= 30:
        return await _say_and_go_on(talk, "small.robot", rule="robot")
    if phrases.says("greeting", plain):
        return await _say_and_go_on(talk, "small.go_on" if form else "small.greeting", rule="greeting")
    if phrases.says("thanks", plain):
        return await _say_and_go_on(talk, "small.thanks", rule="thanks")
    if phrases.says("able", plain) and len(plain) <= 20:
        return await _say_and_go_on(talk, "small.able", rule="able")
    if phrases.says("how_to_report", plain):
        return await _say_and_go_on(talk, "small.report_here", rule="how_to_report")
    if talk.state.expects != "confirm" and phrases.says("matter_word", plain):
        return await _say_and_go_on(talk, "small.tell", rule="no_matter_yet")
    if phrases.says("abuse", plain) and len(plain) <= phrases.LONGEST_ABUSE:
        return await _say_and_go_on(talk, "small.abuse", rule="abuse")
    if phrases.says("lead_in", plain):
        return await _say_and_go_on(talk, "small.listening", rule="lead_in")
    if form is None and phrases.says("upset", plain):
        return await _say_and_go_on(talk, "small.abuse", rule="upset")
    if form is None and len(plain) <= phrases.LONGEST_IMPATIENCE and await _only_impatient(talk):
        return await _say_and_go_on(talk, "small.impatient", rule="impatient")
    if form is None and phrases.says("bye", plain):
        return await _say_and_go_on(talk, "small.bye", rule="bye")
    if form is None and phrases.says("fine", plain):
        return await _say_and_go_on(talk, "small.fine", rule="fine")
    expects_sign = form is not None and talk.state.expects in sentences.FREE_TEXT
    english = talk.state.locale == "en" and " " in plain
    if not (expects_sign or english or phrases.says("skip", plain)) and _unreadable(plain):
        if await kb.answer(talk.session, talk.text) is not None:  # pinyin: gongjijin zenme tiqu
            return await (answers.answer(talk, asks=True) if form is None else answers.in_between(talk))
        return await _say_and_go_on(talk, "bad.unreadable", rule="unreadable")
    return False


async def _only_impatient(talk: Talk) -> bool:
    """Say whether the text complains of waiting and names no matter that could be looked after."""
    if not phrases.says("impatient", talk.plain):
        return False
    understood = await talk.understood()
    return understood.category is None and not understood.entities.addresses


def _unreadable(plain: str) -> bool:
    """Say whether nobody can read it: one sign over and over, a roll over the keyboard, a command to a machine."""
    han = _HAN.findall(plain)
    if han:
        return len(han) >= 3 and len(set(han)) == 1
    letters = len(re.findall(r"[a-z]", plain))
    return letters >= FEWEST_LETTERS and not _english(plain) and not re.search(r"\d{5,}", plain)


async def _say_and_go_on(talk: Talk, key: str, *, rule: str) -> bool:
    talk.say(key, why={"rule": rule})
    await asking.resume(talk)
    return True

"""What is no request: greetings, thanks, questions about the line itself, jokes, abuse, and what nobody can read."""

import re

import kb
from bot import conversations, duty, queue, telling
from bot.contract import ReplyType
from bot.engine import answers, asking, emergencies, languages, phrases, pinyin, repeats, sentences
from bot.engine.person import to_person
from bot.engine.state import Alarm
from bot.engine.talk import Talk
from bot.receipts import moment_words

FEWEST_LETTERS = 4  # of a text without Chinese that is to be read at all
NO_ANSWER = frozenset({"nothing_said", "unreadable"})  # rules of what leaves the form's question unanswered
LONGEST_ASIDE = 30  # characters of a question about the line itself
DESK = "other_language"  # the skill that the city's `handover.yaml` may have
ABUSED = ("small.abuse", "small.abuse.again", "small.abuse.boundary")  # by how often


async def nothing_said(talk: Talk) -> bool:
    """Answer what holds no words: nothing, a photo alone, emoji, signs, another language. Sets the language."""
    state, plain = talk.state, talk.plain
    if talk.turn.media and not re.search(r"\w", plain):
        return await _photo(talk)
    if (other := languages.foreign(plain)) or languages.unknown(plain):
        return await _other_language(talk, other)
    if languages.HAN.search(plain):
        state.locale = "zh_CN"
    elif languages.english(plain):
        state.locale = "en"
    if not re.search(r"\w", plain):
        key = "bad.empty" if not plain else "bad.signs.form" if state.form is not None else "bad.signs"
        return await _say_and_go_on(talk, key, rule="nothing_said")
    return False


async def _other_language(talk: Talk, language: languages.Language | None) -> bool:
    """Say in the citizen's own language that a person comes, and whom to call in danger; a person is asked for."""
    state, code = talk.state, language.code if language else languages.UNKNOWN
    danger = language is not None and language.danger.search(talk.plain) is not None
    again, state.speaker.language, state.skill = state.speaker.language == code, code, DESK
    state.summary = state.summary or f"{language.name if language else ''} {talk.text[: asking.SHOWN_SUMMARY]}".strip()
    why = {"rule": "other_language", "language": code}
    if language is None:
        talk.say("bad.language", why=why)
        await to_person(talk, "language")
        return True
    numbers = emergencies.numbers_to_call()
    call = language.numbers.format(**numbers) if len(numbers) == len(emergencies.NUMBERS) else ""
    if call and danger:
        police = {"service": "police", "number": numbers["police"]}
        talk.say_text(call, type=ReplyType.EMERGENCY, data=police, why=why | {"danger": True})
        await emergencies.remember(talk, Alarm(number=" / ".join(numbers.values()), reason=talk.text))
    desk = duty.skill(queue.EMERGENCY if danger else DESK)
    reason, skill = queue.EMERGENCY if danger else "language", desk.code if desk else None
    await queue.request(talk.session, talk.turn.conversation, reason, skill=skill)
    found, present = await telling.now_told(talk.session, talk.turn.conversation), await duty.present(talk.session)
    said = language.noted if again else language.said if present else language.nobody
    data = {"position": found.position, "minutes": found.minutes}
    talk.say_text(said, type=ReplyType.HANDOFF, data=data, why=why | {"on_duty": present, "skill": skill})
    if call and not (danger or again):
        talk.say_text(call, why=why)
    return True


async def _photo(talk: Talk) -> bool:
    """Take a photo that comes without words."""
    state = talk.state
    if state.form is not None:
        state.form.media.extend(talk.turn.media)
        talk.say("photo.taken", why={"rule": "photo"})
        await asking.resume(talk, whole=True)
        return True
    if state.tickets:
        return await repeats.offer_photo(talk)
    talk.say("photo.what", why={"rule": "photo"})
    state.photos.extend(talk.turn.media)
    return True


async def answer(talk: Talk) -> bool:
    """Answer small talk, and go on with an open form; False where the text is something else."""
    return await _about_the_line(talk) or await _about_this_talk(talk) or await _mood(talk) or await _unread(talk)


async def _about_the_line(talk: Talk) -> bool:
    """Answer a greeting, thanks, and what is asked about the line itself."""
    plain, form = talk.plain, talk.state.form
    if phrases.says("robot", plain) and len(plain) <= LONGEST_ASIDE:
        return await _say_and_go_on(talk, "small.robot", rule="robot")
    if phrases.says("official", plain):
        return await _say_and_go_on(talk, "small.official", rule="official")
    if phrases.says("hours", plain) and len(plain) <= LONGEST_ASIDE:
        return await _hours(talk)
    if phrases.says("greeting", plain):
        return await _say_and_go_on(talk, "small.go_on" if form else "small.greeting", rule="greeting")
    if phrases.says("thanks", plain):
        return await _say_and_go_on(talk, "small.thanks", rule="thanks")
    if phrases.says("able", plain) and len(plain) <= 20:
        return await _say_and_go_on(talk, "small.able", rule="able")
    if phrases.says("how_to_report", plain):
        return await _say_and_go_on(talk, "small.report_here", rule="how_to_report")
    return False


async def _hours(talk: Talk) -> bool:
    """Say whether somebody is there now, and if not, since when somebody is again."""
    again = duty.open_again_at()
    if await duty.present(talk.session):
        talk.say("small.hours", why={"rule": "hours"})
    elif again is not None:
        talk.say("small.hours.closed", why={"rule": "hours"}, moment=moment_words(again, talk.state.locale))
    else:
        talk.say("small.hours.nobody", why={"rule": "hours"})
    await asking.resume(talk)
    return True


async def _about_this_talk(talk: Talk) -> bool:
    """Answer what is said about the talk: once more, slowly, wait, listen; the open question stays as it is."""
    plain = talk.plain
    if phrases.says("say_again", plain):
        return await _say_again(talk)
    if phrases.says("not_clear", plain):
        talk.say("small.other_words", why={"rule": "not_clear"})
        await asking.resume(talk)
        return True
    if phrases.says("wait", plain):
        talk.say("small.wait", why={"rule": "wait"})
        return True
    if talk.state.form is None and phrases.says("matter_word", plain):
        return await _say_and_go_on(talk, "small.tell", rule="no_matter_yet")
    if phrases.says("lead_in", plain):
        return await _say_and_go_on(talk, "small.listening", rule="lead_in")
    return False


async def _mood(talk: Talk) -> bool:
    """Meet insult, anger, impatience, loneliness, a joke, a goodbye; where a form is open some of them belong to it."""
    plain, form = talk.plain, talk.state.form
    if phrases.says("abuse", plain) and len(plain) <= phrases.LONGEST_ABUSE:
        return await insulted(talk)
    if phrases.says("joke", plain):
        return await _say_and_go_on(talk, "small.joke", rule="joke")
    if phrases.says("lonely", plain):
        return await _say_and_go_on(talk, "small.lonely", rule="lonely")
    if form is not None:
        return False
    if phrases.says("upset", plain):
        return await _say_and_go_on(talk, "small.calm", rule="upset")
    if len(plain) <= phrases.LONGEST_IMPATIENCE and await _only_impatient(talk):
        return await _say_and_go_on(talk, "small.impatient", rule="impatient")
    if phrases.says("bye", plain):
        return await _say_and_go_on(talk, "small.bye", rule="bye")
    pressed_twice = bool(talk.state.tickets) and phrases.yes_or_no(plain) == "yes"  # 确认, once more
    if phrases.says("fine", plain) or phrases.says("prank", plain) or pressed_twice:
        return await _say_and_go_on(talk, "small.fine", rule="fine")
    return False


async def insulted(talk: Talk) -> bool:
    """Stay calm, then ask for the matter alone, then say where the border is. Nobody is cut off."""
    speaker = talk.state.speaker
    speaker.abused += 1
    key = ABUSED[min(speaker.abused, len(ABUSED)) - 1]
    talk.say(key, why={"rule": "abuse", "times": speaker.abused})
    if speaker.abused == 1:
        await asking.resume(talk)  # later the question stays open, and is not said into the shouting
    return True


async def _say_again(talk: Talk) -> bool:
    """Say once more what was said last, word for word; the question stays open and is not counted."""
    last = await conversations.said_last(talk.session, talk.turn.conversation)
    for reply in last:
        talk.say_text(reply.text, type=reply.type, data=reply.data, why={"rule": "said_again"})
    if not last:
        talk.say("small.listening", why={"rule": "said_again"})
    return True


async def _unread(talk: Talk) -> bool:
    """Say that a text cannot be read, unless it sounds like something, or may be the answer to the open question."""
    plain, form = talk.plain, talk.state.form
    expects_sign = form is not None and talk.state.expects in sentences.FREE_TEXT and sentences.may_name(plain)
    english = talk.state.locale == "en" and " " in plain
    answers_us = phrases.yes_or_no(plain) is not None or phrases.says("skip", plain)  # 对对对
    if expects_sign or english or answers_us or not _unreadable(plain):
        return False
    if await kb.answer(talk.session, talk.text) is not None:  # pinyin: gongjijin zenme tiqu
        return await (answers.answer(talk, asks=True) if form is None else answers.in_between(talk))
    if form is None and await pinyin.ask(talk):
        return True
    return await _say_and_go_on(talk, "bad.unreadable", rule="unreadable")


async def _only_impatient(talk: Talk) -> bool:
    """Say whether the text complains of waiting and names no matter that could be looked after."""
    if not phrases.says("impatient", talk.plain):
        return False
    understood = await talk.understood()
    return understood.category is None and not understood.entities.addresses


def _unreadable(plain: str) -> bool:
    """Say whether nobody can read it: one sign over and over, a roll over the keyboard, a command to a machine."""
    han = languages.HAN.findall(plain)
    if han:
        return len(han) >= 3 and len(set(han)) == 1
    letters = len(re.findall(r"[a-z]", plain))
    return letters >= FEWEST_LETTERS and not languages.english(plain) and not re.search(r"\d{5,}", plain)


async def _say_and_go_on(talk: Talk, key: str, *, rule: str) -> bool:
    talk.say(key, why={"rule": rule})
    if talk.state.form is not None and rule in NO_ANSWER:
        await asking.proceed(talk)
    else:
        await asking.resume(talk)
    return True

"""An emergency: what to do now, who is called, and a person at once."""

import re
from dataclasses import asdict

import kb
from bot.contract import ReplyType
from bot.engine import asking, phrases, pinyin, sentences
from bot.engine import languages as spoken
from bot.engine.person import to_person
from bot.engine.state import Alarm, Danger
from bot.engine.talk import Talk, digest, understand
from bot.queue import EMERGENCY
from core.text.normalise import normalise
from intents import RequestType, Understanding, emergency, emergency_rules, languages
from intents.understanding import Emergency
from kb import words

EXPECTS = "danger"  # the open question whether anybody is in danger
STAYING = ("emergency.stay", "emergency.stay.listen", "emergency.stay.call")  # in a crisis, by turns
CRISIS = "crisis"  # the service for those who want to die: they are not told to help themselves
NUMBERS = ("ambulance", "fire", "police")
MOST_ASKED = 2  # times in a conversation
LONGEST_FAINT = 20  # characters; who says more, in the middle of a form, tells what happens
LONGEST_DOUBT = 6  # characters that alone say little: 我在家, 现在
LONGEST_LEAD = 3  # characters before a place: 我住, 我家在
_YES = re.compile(r"有(?!没|什么|点)|在呢|快来|救|yes\b|someone|somebody")
_NO = re.compile(r"没|不是|不用|无|no\b|nobody")
_HAPPENED = re.compile(r"了\W*$|救|死|火")


async def instruct(talk: Talk) -> bool:
    """Say what to do in the emergency that the turn tells of; a bare cry for help is asked what has happened."""
    found, alarm = await _heard(talk), talk.state.alarm
    if found is not None and (_refuses_contact(talk) or (not found.sure and phrases.says("go_on", talk.plain))):
        found = None
    answers = talk.state.form is not None and talk.state.expects not in {"", EXPECTS}
    if found is not None and _says_little(talk.plain):
        if alarm is not None and alarm.current:
            return False  # 快点, 我在家: of the emergency that is known
        if answers:
            if put(talk, found):
                return True
            found = None
    elif found is not None and answers and _is_faint(talk.plain, found) and put(talk, found):
        return True
    if found is not None and goes_on(alarm, found, talk.plain):
        return False
    found = found or _confirmed(talk)
    if found is None:
        return await _cry(talk)
    if alarm is not None and _same_crisis(alarm, found):
        alarm.followed += 1
        data = {"service": alarm.service, "number": alarm.number}
        talk.say_text(staying(talk, alarm), type=ReplyType.EMERGENCY, data=data, why={"rule": "alarm_goes_on"})
        return True
    if languages.is_latin(talk.plain):
        talk.state.locale = "en"  # also for words that are not known for English: the rules have understood them
    why = {"rule": "emergency", "service": found.service, "situation": found.situation, "reason": found.reason}
    data = {"service": found.service, "number": found.number}
    talk.say_text(instruction(talk, found), type=ReplyType.EMERGENCY, data=data, why=why)
    await remember(talk, Alarm(found.service, found.number, found.situation, found.reason))
    if emergency.transfers(found):
        await to_person(talk, EMERGENCY, key=_handoff(found), number=found.number)
    return True


def _same_crisis(alarm: Alarm, found: Emergency) -> bool:
    """Say whether somebody goes on to tell of what the line stays with them for, and nothing worse."""
    both = {(each.service, each.number) for each in (alarm, found)}
    return alarm.current and both == {(CRISIS, alarm.number)}


def staying(talk: Talk, alarm: Alarm) -> str:
    """Return what is said to somebody in a crisis who says more: other words each time."""
    if alarm.number != emergency.services()[CRISIS].number:
        return talk.word("emergency.stay.help", number=alarm.number)  # somebody is hurt, or about to be
    return talk.word(STAYING[(alarm.followed - 1) % len(STAYING)], number=alarm.number)


async def _heard(talk: Talk) -> Emergency | None:
    """Return the emergency of the turn; what the model alone hears in letters is judged by what they sound like."""
    found = (await talk.understood()).emergency
    if found is None or found.sure or spoken.HAN.search(talk.plain) or spoken.english(talk.plain):
        return found
    meant = pinyin.read(talk.plain)
    return (await understand(meant)).emergency if meant else found


def goes_on(alarm: Alarm | None, found: Emergency, plain: str) -> bool:
    """Say whether what sounds like danger is of the emergency that is known: 我妈还在里面 after 着火了.

    Where a rule hears it, or it is known what has happened, it is another one.
    """
    if alarm is None or not alarm.current or alarm.service == CRISIS:
        return False
    if not alarm.situation or found.situation is not None:
        return False
    return found.service != alarm.service and not any(emergency_rules.find(plain))


def instruction(talk: Talk, found: Emergency) -> str:
    """Return what to do in an emergency, in the citizen's language."""
    said = emergency.instruction_for(found)
    if talk.state.locale == "en":
        call = f"{talk.word('emergency.call', number=found.number)}\n{said}"
        return emergency.instruction_for(found, english=True) or call
    return said


async def remember(talk: Talk, alarm: Alarm) -> None:
    """Keep the alarm for whoever takes the conversation, with the place: of this turn, or told since the last alarm."""
    state, places = talk.state, (await talk.understood()).entities.addresses
    before = state.alarm.place if state.alarm and state.alarm.current else ""
    alarm.place = sentences.place_of(places, talk.text).text if places else before
    state.alarm = alarm
    if state.form is not None:
        state.form.read = ""  # a number given after it says nothing of the form
    state.summary = state.summary or talk.text[: asking.SHOWN_SUMMARY]


def _handoff(found: Emergency) -> str:
    """Return the wording of the transfer: in a crisis a warm one, which offers a listener only where nobody is hurt."""
    if found.service != CRISIS:
        return "handoff.urgent"
    return "handoff.crisis" if found.number == emergency.services()[CRISIS].number else "handoff.danger"


def _says_little(plain: str) -> bool:
    """Say whether all that alarms is a few words in which nothing happens."""
    cries = any(emergency_rules.find(plain)) or phrases.says("cry", plain) or _HAPPENED.search(plain)
    return len(plain) <= LONGEST_DOUBT and not cries


def _is_faint(plain: str, found: Emergency) -> bool:
    """Say whether few words sound like danger, and hardly: 我女儿不在这边, said to the question for a name."""
    return not found.sure and len(plain) <= LONGEST_FAINT and not phrases.says("cry", plain)


def _refuses_contact(talk: Talk) -> bool:
    """Say whether the turn only leaves open what was asked: 不留了 is no farewell there, unless a rule hears danger."""
    if talk.state.form is None or any(emergency_rules.find(talk.plain)):
        return False
    return phrases.says("anonymous", talk.plain)


async def ask(talk: Talk) -> bool:
    """Ask whether anybody is in danger where the text leaves it open; a matter is asked about once."""
    understood = await talk.understood()
    possible = None if _refuses_contact(talk) else understood.possible_emergency
    if possible is None or (possible.situation is None and await _asks_for_information(talk, understood)):
        return False
    if possible.situation is None and understood.category is not None and _only_a_place(possible.reason, understood):
        return False
    return put(talk, possible)


def _only_a_place(reason: str, understood: Understanding) -> bool:
    """Say whether the words that could alarm say only where somebody lives (我住松山路164号)."""
    for address in understood.entities.addresses:
        reason = normalise(reason).replace(address.text, "")
    return bool(understood.entities.addresses) and len(reason) <= LONGEST_LEAD


async def _asks_for_information(talk: Talk, understood: Understanding) -> bool:
    """Say whether it is a question of a known subject to which the base has the answer (新生儿上户口要爸妈都去不)."""
    consults = understood.request_type is RequestType.CONSULTATION and understood.category is not None
    return consults and words.asks(talk.plain) and await kb.answer(talk.session, talk.text) is not None


def put(talk: Talk, possible: Emergency, *, key: str = "emergency.ask") -> bool:
    """Put the question; False where it was put about these words, or often enough."""
    state, mark = talk.state, digest(talk.text)
    if talk.doubted or mark in state.dangers or len(state.dangers) >= MOST_ASKED:
        return False
    state.dangers.append(mark)
    waiting = (state.expects, state.options) if state.form is not None else ("", [])
    state.danger = Danger(asdict(possible), talk.text, *waiting)
    why = {"rule": "possible_emergency", "service": possible.service, "reason": possible.reason}
    talk.offer(key, expects=EXPECTS, options=talk.options("danger", "no_danger"), why=why)
    return True


def _confirmed(talk: Talk) -> Emergency | None:
    """Return the emergency that was asked about, where the answer is yes; after a no the turn is the earlier text."""
    state = talk.state
    if state.expects != EXPECTS or state.danger is None:
        return None
    chosen, asked = talk.chosen(), state.danger
    state.expect(asked.expects, asked.options)
    state.danger, talk.doubted = None, True
    if chosen == "danger" or phrases.says("yes", talk.plain) or _YES.match(talk.plain):
        talk.text = f"{asked.told}\n{talk.text}"
        return Emergency(**asked.emergency)
    if not (phrases.says("person", talk.plain) or phrases.says("cancel", talk.plain)):
        denied = chosen == "no_danger" or phrases.says("no", talk.plain) or _NO.match(talk.plain)
        talk.replace(asked.told if denied else f"{asked.told}\n{talk.text}")
    return None


async def _cry(talk: Talk) -> bool:
    if not phrases.says("cry", talk.plain):
        return False
    cry(talk)
    numbers = " / ".join(numbers_to_call().values())
    await remember(talk, Alarm(number=numbers, reason=talk.text))
    await to_person(talk, EMERGENCY, key="handoff.urgent", number=numbers)
    return True


def numbers_to_call() -> dict[str, str]:
    """Return whom to call where it is not known what has happened, by service."""
    return {name: emergency.services()[name].number for name in NUMBERS if name in emergency.services()}


def cry(talk: Talk, opening: str = "") -> None:
    """Ask somebody who cries for help what has happened and where, and say whom to call."""
    numbers = numbers_to_call()
    talk.say_text(
        opening + talk.word("emergency.what" if len(numbers) == len(NUMBERS) else "ask.what", **numbers),
        type=ReplyType.EMERGENCY,
        data={"service": NUMBERS[-1], "number": numbers.get(NUMBERS[-1], "")},
        why={"rule": "cry"},
    )

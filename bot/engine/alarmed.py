"""After an alarm or a cry for help: a few words more belong to it, whatever else they might mean."""

import re

from bot import queue
from bot.contract import ReplyType
from bot.engine import emergencies, joint, matters, phrases, sentences
from bot.engine.state import Alarm
from bot.engine.talk import Talk
from intents.understanding import Emergency

LONGEST = 20  # characters; who says more tells of something
LONGEST_LATIN = 60
BRIEF = 2  # sentences of the instruction that are said again
SURE = 0.7  # confidence from which a few words are another matter: 我没敢开灯 is none
_SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")
_HELP = re.compile(r"报警|报案|警察|救护|消防|急救|(?<!\d)1(?:10|19|20|22)(?!\d)|\b(?:police|ambulance)\b")
_UNHARMED = re.compile(r"^\W*(?:都|也)?没(?:有)?人?(?:员)?(?:受?伤|危险|被困|事)")
_HERE = re.compile(r"^(?:我们?|人|现在|就|家|都)*[在住]")
_COURTESY = ("thanks", "bye", "robot")


async def follow(talk: Talk) -> bool:
    """Say again whom to call and what to do, and keep a place that is told for the agent."""
    alarm = talk.state.alarm
    if alarm is None or not alarm.current or phrases.says("person", talk.plain):
        return False
    in_crisis = alarm.service == emergencies.CRISIS
    if not in_crisis and any(phrases.says(each, talk.plain) for each in ("cancel", *_COURTESY)):
        return False  # but nobody in a crisis is let go with a word
    places = (await talk.understood()).entities.addresses
    if not in_crisis and phrases.says("over", talk.plain):
        return _over(talk, alarm)
    first, *others = joint.clauses(talk.plain) or [""]
    whole = phrases.says("prank", talk.plain)
    if not in_crisis and others and not whole and (phrases.says("prank", first) or phrases.says("over", first)):
        alarm.current = False  # 开个玩笑，就是路灯不亮
        return False
    if not await _belongs(talk, placed=bool(places)):
        alarm.current = False
        return False
    if places:
        alarm.place = sentences.place_of(places, talk.text).text
        await queue.renew(talk.session, talk.turn.conversation)
    if not in_crisis and whole:
        alarm.current = False  # whoever waits for them still looks: it may be said under pressure
        talk.say("emergency.prank", why={"rule": "prank"}, number=alarm.number)
        return True
    opening = talk.word("emergency.noted") if places else ""
    if not alarm.service:
        emergencies.cry(talk, opening)
    else:
        data = {"service": alarm.service, "number": alarm.number}
        talk.say_text(opening + _again(talk, alarm), type=ReplyType.EMERGENCY, data=data, why={"rule": "alarm_goes_on"})
    return talk.state.form is None or not places  # a form takes the place too


def _over(talk: Talk, alarm: Alarm) -> bool:
    """Take it that the danger has passed; offer to register what happened, where nothing else is open."""
    alarm.current = False
    if talk.state.form is not None or not alarm.reason:
        talk.say("emergency.prank", why={"rule": "over"}, number=alarm.number)
        return talk.state.form is None
    talk.state.question = "，".join(filter(None, (alarm.reason, alarm.place)))
    options = talk.options("ticket", "cancel")
    talk.offer("emergency.over", expects="offer", options=options, why={"rule": "over"}, number=alarm.number)
    return True


async def _belongs(talk: Talk, *, placed: bool) -> bool:
    """Say whether the turn goes on about the emergency; with a form open only a place, hurry or a call for advice."""
    plain = talk.plain
    longest = LONGEST_LATIN if talk.state.locale == "en" else LONGEST
    if len(plain) > (2 * longest if placed else longest):
        return False
    urges = phrases.angry(plain) or phrases.says("what_now", plain)
    if talk.state.form is not None:
        return placed or urges
    if urges or _HELP.search(plain) or (placed and _HERE.search(plain)):
        return True  # 我不想报警, 我在长江路地铁站
    understood = await talk.understood()
    sure = placed or (understood.category is not None and understood.category.confidence >= SURE)
    return not (sure and matters.is_clear(understood))


def _again(talk: Talk, alarm: Alarm) -> str:
    """Return the instruction in brief, with the number in it; to a no, that it holds for whoever is in danger.

    In a crisis nothing is instructed again: the line stays, in other words each time.
    """
    alarm.followed += 1
    if alarm.service == emergencies.CRISIS:
        return emergencies.staying(talk, alarm)
    hurries = phrases.angry(talk.plain) or phrases.says("what_now", talk.plain)
    unharmed = phrases.says("no", talk.plain) or _UNHARMED.search(talk.plain)
    if unharmed or (alarm.followed % 2 == 0 and not hurries):  # by turns, not word for word each time
        return talk.word("emergency.unless", number=alarm.number)
    found = Emergency(alarm.service, alarm.number, alarm.reason, alarm.situation)
    said = _SENTENCE.split(emergencies.instruction(talk, found))
    brief = ("" if talk.state.locale == "zh_CN" else " ").join(said[:BRIEF])
    if alarm.number in brief:
        return brief
    return f"{talk.word('emergency.call', number=alarm.number)}{brief}"

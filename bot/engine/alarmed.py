"""After an alarm or a cry for help: a few words more belong to it, whatever else they might mean."""

import re

from bot import queue
from bot.contract import ReplyType
from bot.engine import emergencies, matters, phrases, sentences
from bot.engine.state import Alarm
from bot.engine.talk import Talk
from intents import emergency
from intents.understanding import Emergency

LONGEST = 20  # characters; who says more tells of something
LONGEST_LATIN = 60
BRIEF = 2  # sentences of the instruction that are said again
STAYING = ("emergency.stay", "emergency.stay.listen", "emergency.stay.call")  # in a crisis, by turns
_SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")
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
    if not await _belongs(talk, placed=bool(places)):
        alarm.current = False
        return False
    if places:
        alarm.place = sentences.place_of(places, talk.text).text
        await queue.renew(talk.session, talk.turn.conversation)
    if not in_crisis and phrases.says("prank", talk.plain):
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


async def _belongs(talk: Talk, *, placed: bool) -> bool:
    """Say whether the turn goes on about the emergency; with a form open only a place, hurry or a call for advice."""
    plain = talk.plain
    longest = LONGEST_LATIN if talk.state.locale == "en" else LONGEST
    if len(plain) > (2 * longest if placed else longest):
        return False
    urges = phrases.angry(plain) or phrases.says("what_now", plain)
    if talk.state.form is not None:
        return placed or urges
    return urges or not matters.is_clear(await talk.understood())


def _again(talk: Talk, alarm: Alarm) -> str:
    """Return the instruction in brief, with the number in it; to a no, that it holds for whoever is in danger.

    In a crisis nothing is instructed again: the line stays, in other words each time.
    """
    alarm.followed += 1
    if alarm.service == emergencies.CRISIS and alarm.number != emergency.services()[emergencies.CRISIS].number:
        return talk.word("emergency.stay.help", number=alarm.number)  # somebody is hurt, or about to be
    if alarm.service == emergencies.CRISIS:
        return talk.word(STAYING[(alarm.followed - 1) % len(STAYING)], number=alarm.number)
    if phrases.says("no", talk.plain):
        return talk.word("emergency.unless", number=alarm.number)
    found = Emergency(alarm.service, alarm.number, alarm.reason, alarm.situation)
    said = _SENTENCE.split(emergencies.instruction(talk, found))
    brief = ("" if talk.state.locale == "zh_CN" else " ").join(said[:BRIEF])
    if alarm.number in brief:
        return brief
    return f"{talk.word('emergency.call', number=alarm.number)}{brief}"

"""An emergency: what to do now, who is called, and a person at once."""

import re
from dataclasses import asdict

from bot.contract import ReplyType
from bot.engine import asking, phrases
from bot.engine.person import to_person
from bot.engine.talk import Talk
from bot.handover import EMERGENCY
from intents import emergency, languages
from intents.understanding import Emergency

EXPECTS = "danger"  # the open question whether anybody is in danger
CRISIS = "crisis"  # the service for those who want to die: they are not told to help themselves
_YES = re.compile(r"有(?!没|什么|点)|在呢|快来|救|yes\b|someone|somebody")
_NO = re.compile(r"没|不是|不用|无|no\b|nobody")
NUMBERS = ("ambulance", "fire", "police")


async def instruct(talk: Talk) -> bool:
    """Say what to do in the emergency that the turn tells of; a bare cry for help is asked what has happened."""
    understood = await talk.understood()
    found = understood.emergency or _confirmed(talk)
    if found is None:
        return await _cry(talk)
    if languages.is_latin(talk.plain):
        talk.state.locale = "en"  # also for words that are not known for English: the rules have understood them
    instruction = emergency.instruction_for(found)
    if talk.state.locale == "en":
        call = f"{talk.word('emergency.call', number=found.number)}\n{instruction}"
        instruction = emergency.instruction_for(found, english=True) or call
    talk.say_text(
        instruction,
        type=ReplyType.EMERGENCY,
        data={"service": found.service, "number": found.number},
        why={"rule": "emergency", "service": found.service, "reason": found.reason},
    )
    talk.state.summary = talk.state.summary or talk.text[: asking.SHOWN_SUMMARY]
    if emergency.transfers(found):
        await to_person(talk, EMERGENCY, key=_handoff(found), number=found.number)
    return True


def _handoff(found: Emergency) -> str:
    """Return the wording of the transfer: in a crisis a warm one, which offers a listener only where nobody is hurt."""
    if found.service != CRISIS:
        return "handoff.urgent"
    return "handoff.crisis" if found.number == emergency.services()[CRISIS].number else "handoff.danger"


async def ask(talk: Talk) -> bool:
    """Ask once in a conversation whether anybody is in danger, where the text leaves it open and nothing else is."""
    state, possible = talk.state, (await talk.understood()).possible_emergency
    if possible is None or state.danger_asked or state.form is not None or state.expects:
        return False
    state.danger_asked, state.danger, state.question = True, asdict(possible), talk.text
    why = {"rule": "possible_emergency", "service": possible.service, "reason": possible.reason}
    talk.offer("emergency.ask", expects=EXPECTS, options=talk.options("danger", "no_danger"), why=why)
    return True


def _confirmed(talk: Talk) -> Emergency | None:
    """Return the emergency that was asked about, where the answer is yes; after a no the turn is the earlier text."""
    state = talk.state
    if state.expects != EXPECTS or state.danger is None:
        return None
    chosen, possible = talk.chosen(), Emergency(**state.danger)
    state.expect("")
    state.danger = None
    if chosen == "danger" or phrases.says("yes", talk.plain) or _YES.match(talk.plain):
        talk.text = f"{state.question}\n{talk.text}"
        return possible
    if not (phrases.says("person", talk.plain) or phrases.says("cancel", talk.plain)):
        denied = chosen == "no_danger" or phrases.says("no", talk.plain) or _NO.match(talk.plain)
        talk.replace(state.question if denied else f"{state.question}\n{talk.text}")
    return None


async def _cry(talk: Talk) -> bool:
    if not phrases.says("cry", talk.plain):
        return False
    numbers = {name: emergency.services()[name].number for name in NUMBERS if name in emergency.services()}
    talk.say(
        "emergency.what" if len(numbers) == len(NUMBERS) else "ask.what",
        type=ReplyType.EMERGENCY,
        data={"service": NUMBERS[-1], "number": numbers.get(NUMBERS[-1], "")},
        why={"rule": "cry"},
        **numbers,
    )
    await to_person(talk, EMERGENCY, key="handoff.urgent", number=" / ".join(numbers.values()))
    return True

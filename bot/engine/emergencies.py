"""An emergency: what to do now, who is called, and a person at once."""

from bot.contract import ReplyType
from bot.engine import asking, phrases
from bot.engine.person import to_person
from bot.engine.talk import Talk
from bot.handover import EMERGENCY
from intents import emergency, languages
from intents.understanding import Emergency

CRISIS = "crisis"  # the service for those who want to die: they are not told to help themselves
NUMBERS = ("ambulance", "fire", "police")


async def instruct(talk: Talk) -> bool:
    """Say what to do in the emergency that the turn tells of; a bare cry for help is asked what has happened."""
    found = (await talk.understood()).emergency
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

"""An emergency: what to do now, who is called, and a person at once."""

from bot.contract import ReplyType
from bot.engine import asking, phrases
from bot.engine.person import to_person
from bot.engine.talk import Talk
from bot.handover import EMERGENCY
from intents import emergency

CRISIS = "crisis"  # the service for those who want to die: they are not told to help themselves
NUMBERS = ("ambulance", "fire", "police")


async def instruct(talk: Talk) -> bool:
    """Say what to do in the emergency that the turn tells of; a bare cry for help is asked what has happened."""
    found = (await talk.understood()).emergency
    if found is None:
        return await _cry(talk)
    service = emergency.services()[found.service]
    instruction = emergency.instruction_for(found)
    if talk.state.locale == "en":
        call = f"{talk.word('emergency.call', number=found.number)}\n{instruction}"
        instruction = service.instruction_en or call
    talk.say_text(
        instruction,
        type=ReplyType.EMERGENCY,
        data={"service": found.service, "number": found.number},
        why={"rule": "emergency", "service": found.service, "reason": found.reason},
    )
    talk.state.summary = talk.state.summary or talk.text[: asking.SHOWN_SUMMARY]
    if service.transfer:
        key = "handoff.crisis" if found.service == CRISIS else "handoff.urgent"
        await to_person(talk, EMERGENCY, key=key, number=found.number)
    return True


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

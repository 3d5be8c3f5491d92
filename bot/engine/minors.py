"""A child who speaks: danger first, simple words, the right number, a person; no name and no number is asked for.

What a child says is in `phrases.yaml` (`child…`), what is said to it, with the number, in the city's `minors.yaml`.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.contract import ReplyType
from bot.engine import emergencies, phrases
from bot.engine.person import to_person
from bot.engine.state import Alarm, Form
from bot.engine.talk import Talk
from bot.queue import EMERGENCY
from core.city import city, read_yaml
from core.errors import BadInput
from intents import emergency
from intents.understanding import Emergency


@dataclass(frozen=True, slots=True)
class Case:
    """What to say to a child to whom something happens; `emergency`: the service, where a person must come at once."""

    code: str
    number: str
    said: str
    said_en: str
    emergency: str = ""


@lru_cache(maxsize=4)
def cases(folder: Path) -> tuple[Case, ...]:
    """Return the city's cases, none where it has no `minors.yaml`. Raises BadInput where that is broken."""
    if not (folder / "minors.yaml").exists():
        return ()
    try:
        return tuple(Case(**raw) for raw in read_yaml(folder / "minors.yaml"))
    except TypeError as error:
        raise BadInput(f"minors.yaml: {error}.") from None


async def meet(talk: Talk) -> bool:
    """Know a child by its words; help first with what happens to it, else ask once whether it is in danger."""
    speaker, plain = talk.state.speaker, talk.plain
    first = not speaker.minor and (phrases.says("child", plain) or phrases.says("child_at_home", plain))
    speaker.minor = speaker.minor or first
    if not speaker.minor:
        return False
    if talk.state.form is not None:
        spare(talk.state.form)
    case = next((each for each in cases(city().folder) if phrases.says(f"child_{each.code}", plain)), None)
    alarm = (await talk.understood()).emergency
    if case is not None and (alarm is None or case.emergency == alarm.service):
        await _help(talk, case)
        return True
    if alarm is not None or not first or "police" not in emergency.services():
        return False
    police = emergency.services()["police"]
    return emergencies.put(talk, Emergency(police.code, police.number, talk.text), key="minor.ask")


def spare(form: Form) -> None:
    """Let a child's form be complete without name and number."""
    if "contact" not in form.settled and not form.phone:
        form.settled.append("contact")


async def _help(talk: Talk, case: Case) -> None:
    said = case.said_en if talk.state.locale == "en" else case.said
    why = {"rule": "minor", "case": case.code}
    if not case.emergency:
        talk.say_text(said, why=why)
        talk.state.question = talk.text
        options = talk.options("person", "ticket", "cancel")
        talk.offer("minor.person", expects="offer", options=options, why=why)
        return
    data = {"service": case.emergency, "number": case.number}
    talk.say_text(said, type=ReplyType.EMERGENCY, data=data, why=why)
    await emergencies.remember(talk, Alarm(case.emergency, case.number, reason=talk.text))
    await to_person(talk, EMERGENCY, key="handoff.minor", number=case.number)

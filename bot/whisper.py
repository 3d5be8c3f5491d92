"""What the bot would say now, for the agent who has the conversation: never for the citizen."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.engine import agreed, emergencies, phrases
from bot.engine import form as forms
from bot.engine.state import Form, read
from bot.engine.talk import understand
from bot.wording import wording
from core.text.normalise import normalise
from intents import emergency
from intents.understanding import Emergency

LAST_WORDS = 2  # sentences of the citizen in which an emergency counts as now
ALARM_LASTS = 6  # sentences to the agent for which an alarm that the bot heard is what matters


@dataclass(frozen=True, slots=True)
class Whisper:
    """`form`: with what was said to the agent; `missing`: the next element; sentences are in the citizen's language.

    `ask`: asks for the missing element; `lacks`: all that the matter lacks; `alarm`: the emergency of the last words,
    with what to `instruct`, empty where the citizen has been told; `danger`: nothing else matters now.
    """

    form: dict[str, Any] | None = None
    understood: dict[str, Any] | None = None
    missing: str = ""
    ask: str = ""
    alarm: Emergency | None = None
    instruct: str = ""
    lacks: tuple[str, ...] = ()
    danger: bool = False


async def whisper(state: dict[str, Any], said: Sequence[str], *, locale: str, heard: Sequence[str] = ()) -> Whisper:
    """Return what the bot makes of the conversation now.

    `said`: the citizen's sentences since an agent has it; `heard`: what the citizen was told lately, by whomever.
    """
    kept = read(state)
    alarm, placed = None, bool(kept.alarm and kept.alarm.place)
    for text in said[-LAST_WORDS:]:
        plain, found = normalise(text), (await understand(text)).emergency
        if found and not phrases.says("cancel", plain) and not emergencies.goes_on(kept.alarm, found, plain):
            alarm = found
    # In danger nothing is begun, and nothing asked but where.
    lasts = kept.alarm is not None and kept.alarm.current and len(said) <= ALARM_LASTS
    danger = alarm is not None or lasts
    await agreed.take(kept, said, begin=not danger)
    if danger:
        missing = "" if placed or await _placed(said) or (kept.form and kept.form.place.text) else "where"
    else:
        missing = (forms.missing(kept.form) or "") if kept.form else ""
    instruct = _instruction(alarm, locale) if alarm else ""
    return Whisper(
        form=asdict(kept.form) if kept.form else None,
        understood=kept.understood,
        missing=missing,
        ask=_question(kept.form or Form(), missing, locale) if missing else "",
        alarm=alarm,
        instruct="" if any(instruct in each for each in heard) else instruct,
        lacks=tuple(forms.all_missing(kept.form)) if kept.form else (),
        danger=danger,
    )


async def _placed(said: Sequence[str]) -> bool:
    """Say whether one of the citizen's sentences names a place."""
    return any([bool((await understand(text)).entities.addresses) for text in said])


def _question(form: Form, element: str, locale: str) -> str:
    key = "ask.phone" if element == "contact" and form.name else f"ask.{element}"
    return wording(key, locale, name=form.name, place=form.place.text)


def _instruction(found: Emergency, locale: str) -> str:
    if locale == "en":
        return emergency.instruction_for(found, english=True) or emergency.instruction_for(found)
    return emergency.instruction_for(found)

"""What the bot would say now, for the agent who has the conversation: never for the citizen."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.engine import agreed, phrases
from bot.engine import form as forms
from bot.engine.state import Form, read
from bot.engine.talk import understand
from bot.wording import wording
from core.text.normalise import normalise
from intents import emergency
from intents.understanding import Emergency

LAST_WORDS = 2  # sentences of the citizen in which an emergency counts as now


@dataclass(frozen=True, slots=True)
class Whisper:
    """`form`: with what was said to the agent; `missing`: the next element; sentences are in the citizen's language.

    `ask`: asks for the missing element; `alarm`: the emergency of the last words, with what to `instruct`.
    """

    form: dict[str, Any] | None = None
    understood: dict[str, Any] | None = None
    missing: str = ""
    ask: str = ""
    alarm: Emergency | None = None
    instruct: str = ""


async def whisper(state: dict[str, Any], said: Sequence[str], *, locale: str) -> Whisper:
    """Return what the bot makes of the conversation now. `said`: the citizen's sentences since an agent has it."""
    kept = read(state)
    await agreed.take(kept, said, begin=True)
    missing = (forms.missing(kept.form) or "") if kept.form else ""
    alarm = None
    for text in said[-LAST_WORDS:]:
        if not phrases.says("cancel", normalise(text)):
            alarm = (await understand(text)).emergency or alarm
    return Whisper(
        form=asdict(kept.form) if kept.form else None,
        understood=kept.understood,
        missing=missing,
        ask=_question(kept.form, missing, locale) if kept.form and missing else "",
        alarm=alarm,
        instruct=_instruction(alarm, locale) if alarm else "",
    )


def _question(form: Form, element: str, locale: str) -> str:
    key = "ask.phone" if element == "contact" and form.name else f"ask.{element}"
    return wording(key, locale, name=form.name, place=form.place.text)


def _instruction(found: Emergency, locale: str) -> str:
    if locale == "en":
        return emergency.instruction_for(found, english=True) or emergency.instruction_for(found)
    return emergency.instruction_for(found)

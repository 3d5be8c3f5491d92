"""What was said to an agent, for the form: the bot goes on where they were, and asks nothing twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.contract import Outcome, Turn
from bot.engine import asking, matters, phrases, sentences
from bot.engine import form as forms
from bot.engine.state import Form, Place, State, read
from bot.engine.talk import Talk, understand
from core.text.normalise import clean, normalise
from intents import RequestType

_CLAUSES = re.compile(r"(?<=[，。！？；,!?;\n])")
MOST = 20  # sentences of the citizen that are read again, the last ones


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the agent passes on for the form; empty: nothing was agreed about it."""

    description: str = ""
    category: str = ""
    address: str = ""
    district: str | None = None
    street: str | None = None
    happened: str = ""
    name: str = ""
    phone: str = ""
    confidential: bool | None = None


async def go_on(
    session: AsyncSession, turn: Turn, state: dict[str, object], *, said: Sequence[str], agreed: Agreed | None
) -> Outcome:
    """Return what the bot says as it has the conversation again: the open form's next question, or nothing.

    `said`: the citizen's sentences to the agent, oldest first. `agreed` begins a form where none is open.
    """
    talk = Talk(session=session, turn=turn, state=read(state))
    talk.state.callback = ""
    if agreed is not None:
        await fill(talk.state, agreed)
    await take(talk.state, said, told=agreed is None or not agreed.description)
    if talk.state.form is None:
        talk.state.expect("")
    else:
        await asking.proceed(talk)
    return Outcome(tuple(talk.replies), talk.state.as_json())


async def take(state: State, said: Sequence[str], *, begin: bool = False, told: bool = True) -> None:
    """Put into the form what a citizen said: elements, and, where `told`, what is no element into the account.

    `begin`: a clear matter begins a form where none is open.
    """
    for text in ((without_wish(each) or each) for each in map(clean, said[-MOST:])):
        plain = normalise(text)
        understood = await understand(text)
        if state.form is not None:
            sentences.absorb(state.form, understood, text)
            asks = phrases.says("question", plain) or phrases.says("person", plain)
            if told and not asks and sentences.tells_more(state.form, text, understood):
                forms.add(state.form, text)
        elif begin and matters.is_clear(understood) and understood.request_type is not RequestType.CONSULTATION:
            state.form = forms.new(understood, text)
            sentences.absorb(state.form, understood, text)
            state.understood = matters.brief(understood)


def without_wish(text: str) -> str:
    """Return what was said beside the wish for a person, which is no part of the matter; nothing where it is all."""
    kept = [clause for clause in _CLAUSES.split(text) if not phrases.says("person", normalise(clause))]
    return "".join(kept).rstrip("，,；;、 ")


async def fill(state: State, agreed: Agreed) -> None:
    """Put what the agent wrote into the form, in place of what the bot had understood."""
    description = agreed.description.strip()
    if state.form is None and not description:
        return
    understood = await understand(description or (state.form.description if state.form else ""))
    form = state.form or Form()
    form.description = description or form.description
    forms.classify(form, understood, category=agreed.category or form.category)
    if agreed.address or agreed.district:
        forms.set_place(form, Place(agreed.address or form.place.text, agreed.district, agreed.street))
    form.happened = agreed.happened or form.happened
    form.name, form.phone = agreed.name or form.name, agreed.phone or form.phone
    form.confidential = form.confidential if agreed.confidential is None else agreed.confidential
    if state.form is None:
        sentences.absorb(form, understood, description)
        state.understood = matters.brief(understood)
    state.form = form

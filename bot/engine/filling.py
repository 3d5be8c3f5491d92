"""A turn while a form is open: the answer to its question, an answer to another one, a correction, an addition."""

from bot.engine import asking, opening, phrases
from bot.engine import form as forms
from bot.engine.state import Form
from bot.engine.talk import Talk, understand
from core.text.normalise import clean
from intents import Understanding

ADDS_TO_ACCOUNT = 8  # characters beside what was named, from which a sentence tells something more
DECLINABLE = frozenset({"contact", "confidential", "district"})  # 不用了 answers these; elsewhere it cancels


async def take(talk: Talk) -> bool:
    """Take the turn into the form; False where it is something else (a question, a command)."""
    form, expects = talk.state.form, talk.state.expects
    if form is None:
        return False
    if expects == "confirm":
        return await _at_confirmation(talk, form)
    if expects == "change":
        return await _change(talk, form)
    if await _correction(talk, form):
        return True
    understood = await talk.understood()
    if expects == "district" and await _district(talk, form):
        return True
    if expects == "confidential" and _confidential(talk, form):
        await asking.proceed(talk)
        return True
    taken = forms.absorb(form, understood, talk.text)
    if taken:
        _keep_the_rest(form, talk.text, understood)
    elif phrases.says("skip", talk.plain) and expects not in {"", "what"}:
        form.settled.append(expects)
    elif expects in form.wanted and forms.answer(form, expects, talk.text, understood):
        form.settled.append(expects) if expects not in {"where", "what"} else None
    elif expects == "contact" and form.name:
        pass  # the name came without the number, which is asked for next
    elif len(talk.text) >= ADDS_TO_ACCOUNT:
        forms.add(form, talk.text)
    if form.category is None:
        forms.classify(form, await understand(form.description))
    await asking.proceed(talk)
    return True


def answers_question(talk: Talk, understood: Understanding) -> bool:
    """Say whether the turn names what the open question of the form asks for."""
    expects = talk.state.expects
    return expects in forms.changed_elements(understood) or talk.chosen() is not None


def _keep_the_rest(form: Form, text: str, understood: Understanding) -> None:
    """Add the sentence to the account when it tells more than what was named."""
    named = understood.entities
    rest = text
    for part in (
        *(address.text for address in named.addresses),
        *(span.text for span in named.times),
        *named.phones,
        form.name,
    ):
        rest = rest.replace(part, "") if part else rest
    if len(rest) >= ADDS_TO_ACCOUNT:
        forms.add(form, text)


async def _correction(talk: Talk, form: Form) -> bool:
    found = phrases.CORRECTION.search(clean(talk.text))
    if not found:
        return False
    wrong, right = found["wrong"] or "", (found["right"] or found["only"] or "").strip()
    if not forms.correct(form, wrong, right, await understand(right)):
        return False
    talk.say("form.corrected", why={"rule": "correction"})
    await asking.proceed(talk)
    return True


async def _district(talk: Talk, form: Form) -> bool:
    chosen = talk.chosen()
    if chosen == "unknown_district" or (chosen is None and phrases.says("skip", talk.plain)):
        form.settled.append("district")
    elif chosen is not None:
        form.place.district = chosen
    else:
        named = (await talk.understood()).entities.addresses
        if not named or named[0].district is None:
            return False
        form.place.district, form.place.street = named[0].district, named[0].street or form.place.street
    await asking.proceed(talk)
    return True


def _confidential(talk: Talk, form: Form) -> bool:
    chosen = talk.chosen()
    if chosen == "secret" or phrases.says("yes", talk.plain):
        form.confidential = True
    elif chosen == "open" or phrases.says("no", talk.plain):
        form.confidential = False
    else:
        return False
    return True


async def _at_confirmation(talk: Talk, form: Form) -> bool:
    chosen = talk.chosen()
    if chosen == "confirm" or (chosen is None and phrases.says("yes", talk.plain)):
        await opening.open_ticket(talk)
        return True
    if chosen == "cancel_form":
        cancel(talk)
        return True
    if await _correction(talk, form):
        return True
    if chosen == "change" or phrases.says("no", talk.plain):
        _ask_what_to_change(talk, form)
        return True
    understood = await talk.understood()
    if forms.absorb(form, understood, talk.text, replace=True):
        _keep_the_rest(form, talk.text, understood)
    elif len(talk.text) >= ADDS_TO_ACCOUNT:
        forms.add(form, talk.text)
        talk.say("form.added", why={"rule": "added"})
    elif form.asked.get("confirm", 0) >= asking.MOST_ASKED:
        asking.give_up(talk, "confirm")
        return True
    await asking.proceed(talk)
    return True


def _ask_what_to_change(talk: Talk, form: Form) -> None:
    elements = ["what"] + [element for element in ("where", "when") if element in form.wanted] + ["contact"]
    if "confidential" in form.wanted:
        elements.append("confidential")
    options = talk.options(*(f"element_{element}" for element in elements))
    talk.offer("form.change", expects="change", options=options, why={"rule": "change"})


async def _change(talk: Talk, form: Form) -> bool:
    chosen = talk.chosen()
    if chosen is not None:
        forms.clear(form, chosen.removeprefix("element_"))
        await asking.proceed(talk)
        return True
    if await _correction(talk, form):
        return True
    understood = await talk.understood()
    if forms.absorb(form, understood, talk.text, replace=True):
        _keep_the_rest(form, talk.text, understood)
    elif len(talk.text) >= ADDS_TO_ACCOUNT:
        forms.add(form, talk.text)
    await asking.proceed(talk)
    return True


def cancel(talk: Talk) -> None:
    """Drop the form at the citizen's wish."""
    talk.state.form = None
    talk.state.summary = ""
    talk.state.expect("")
    talk.say("form.cancelled", why={"rule": "cancelled"})

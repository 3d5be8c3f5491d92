"""Putting right what was said: any element, at any moment, several at once; in place, and the summary follows again."""

from bot.engine import amending, asking, corrections, people, phrases, restating, sentences, within
from bot.engine import form as forms
from bot.engine.state import Form
from bot.engine.talk import Talk, understand
from core.text.normalise import clean

PARTIES = frozenset(forms.PERSONAL_ELEMENTS)


async def correct(talk: Talk, form: Form) -> bool:
    """Put right what the turn calls wrong; ask for what it does not tell. False where it corrects nothing here."""
    found, rest = corrections.read(clean(talk.text))
    changed, wanted, phone = [], [], form.phone
    for each in found:
        element = own(form, each.element)
        if each.right and restating.restate(
            form, each.wrong, each.right, await understand(each.right), element=element
        ):
            changed.append(element or "text")
        elif element:
            wanted.append(element)
            if element == "phone" and people.broken_number(each.right):
                talk.say("form.broken_number", why={"rule": "broken_number"})
    if not changed and not wanted:
        return False
    if form.phone != phone:
        await amending.reach_at(talk, form.phone, instead_of=phone)
    if rest:
        understood = await understand(rest)
        sentences.absorb(form, understood, rest, replace=True)
        if sentences.tells_more(form, rest, understood):
            forms.add(form, rest)
    for element in wanted:
        forms.reopen(form, element)
    if changed:
        talk.say("form.corrected", why={"rule": "correction", "elements": changed})
        asking.resumed(talk)
    await asking.proceed(talk)
    return True


def own(form: Form, element: str) -> str:
    """Return which element of this form is meant: the other party has another name in each category."""
    if element in PARTIES:
        known = [each for each in (*form.wanted, *form.elements) if each in PARTIES]
        return element if element in known or not known else known[0]
    if element in {"when", "hours"}:
        other = {"when": "hours", "hours": "when"}[element]
        return other if element not in form.wanted and other in form.wanted else element
    return element


async def take(talk: Talk, form: Form) -> bool:
    """Take the answer to what is asked anew; a refusal leaves what was known."""
    element = form.editing[0]
    if element in {"phone", "contact"} and (phrases.says("anonymous", talk.plain) or talk.plain == "不留"):
        forms.forget_contact(form)
    elif any(phrases.says(each, talk.plain) for each in ("keep", "cancel", "skip")):
        pass
    elif any(each.element for each in corrections.read(clean(talk.text))[0]):
        before, form.editing = form.editing, []
        if await correct(talk, form):
            return True  # of something else
        form.editing = before
    elif not await _taken(talk, form, element):
        if not await correct(talk, form):
            await asking.proceed(talk)
        return True
    form.editing = [each for each in form.editing if each != element]
    await asking.proceed(talk)
    return True


async def _taken(talk: Talk, form: Form, element: str) -> bool:
    chosen = talk.chosen()
    if element == "district" and chosen is not None:
        form.place.district = form.place.district if chosen == "unknown_district" else chosen
        return True
    if element == "confidential":
        if chosen is not None:
            form.confidential = chosen == "secret"
        return chosen is not None or bool(sentences.wishes(form, talk.plain))
    return restating.restate(form, "", talk.text, await talk.understood(), element=element)


def ask_what(talk: Talk, form: Form) -> None:
    """Ask which element is to be changed; the summary is read again after it."""
    form.read = ""
    known = [element for element in form.wanted if element in form.elements]
    told = {"where": form.place.text, "when": form.happened}
    elements = ["what", *(each for each, value in told.items() if value or each in form.wanted), *known, "contact"]
    if "confidential" in form.wanted:
        elements.append("confidential")
    options = talk.options(*(f"element_{element}" for element in elements))
    talk.offer("form.change", expects="change", options=options, why={"rule": "change"})


async def change(talk: Talk, form: Form) -> bool:
    """Take the answer to which element is to be changed, or what is changed."""
    chosen = talk.chosen()
    if chosen is not None:
        forms.reopen(form, chosen.removeprefix("element_"))
    elif any(phrases.says(each, talk.plain) for each in ("keep", "cancel")):
        pass
    elif named := corrections.elements_in(talk.plain):
        for element in named:
            forms.reopen(form, own(form, element))
    elif await correct(talk, form):
        return True
    elif within.put(form, talk.text):
        pass
    else:
        understood = await talk.understood()
        if not sentences.absorb(form, understood, talk.text, replace=True) or sentences.tells_more(
            form, talk.text, understood
        ):
            forms.add(form, talk.text if len(talk.text) >= forms.LEAST_TOLD else "")
    await asking.proceed(talk)
    return True

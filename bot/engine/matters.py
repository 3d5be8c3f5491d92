"""A matter: where a form begins, and what to ask while it is not clear what the matter is."""

from bot.engine import asking
from bot.engine import form as forms
from bot.engine.person import to_person
from bot.engine.state import Option
from bot.engine.talk import Talk, digest, understand
from intents import Understanding
from intents.categories import tree

FEWEST_WORDS = 12  # characters from which a sentence without a category is a matter all the same
LIKELY_CATEGORIES = 3


async def start(talk: Talk, description: str, *, category: str | None = None) -> None:
    """Begin the form with what was said of the matter; `category` when the citizen chose one."""
    understood = await understand(description)
    form = forms.new(understood, description, category=category)
    form.matter = digest(description)
    form.media = [*talk.state.photos, *talk.turn.media]
    talk.state.photos = []
    forms.absorb(form, understood, description)
    talk.state.form = form
    talk.state.misunderstood = 0
    talk.state.understood = brief(understood)
    await asking.proceed(talk)


def brief(understood: Understanding) -> dict[str, object]:
    """Return of an understanding what staff want to know of it."""
    category = understood.category
    return {
        "request_type": str(understood.request_type),
        "category": category.code if category else None,
        "path": list(category.path) if category else [],
        "confidence": round(category.confidence, 3) if category else None,
        "urgency": str(understood.urgency),
        "evidence": list(understood.evidence),
    }


async def told_again(talk: Talk) -> bool:
    """Take the account of the open form, sent a second time, as no news."""
    form = talk.state.form
    if form is None or form.matter != digest(talk.text):
        return False
    talk.say("repeat.form", why={"rule": "repeated"})
    await asking.proceed(talk)
    return True


async def begin(talk: Talk) -> bool:
    """Begin a form when the turn tells of a matter."""
    understood = await talk.understood()
    if understood.category is None and len(talk.plain) < FEWEST_WORDS:
        return False
    await start(talk, talk.text)
    return True


async def clarify(talk: Talk) -> bool:
    """Ask one open question with likely subjects; the second time in a row offer a person."""
    state = talk.state
    state.misunderstood += 1
    if state.misunderstood > 1:
        state.question = f"{state.question}\n{talk.text}".strip()
        why = {"rule": "misunderstood", "times": state.misunderstood}
        talk.offer("clarify.person", expects="offer", options=talk.options("person", "ticket"), why=why)
        return True
    state.question = talk.text
    understood = await talk.understood()
    likely = [each.code for each in understood.alternatives if each.code in tree()][:LIKELY_CATEGORIES]
    options = [Option(code, tree()[code].name) for code in likely] if state.locale == "zh_CN" else []
    options += talk.options("other", "person")
    talk.offer("clarify.what", expects="clarify", options=options, why={"rule": "misunderstood", "likely": likely})
    return True


async def category_chosen(talk: Talk) -> bool:
    """Take the subject that the citizen chose."""
    chosen = talk.chosen()
    if chosen == "person":
        await to_person(talk, "not_understood")
    elif chosen == "other":
        talk.state.expect("")
        talk.say("small.go_on", why={"rule": "other"})
    elif chosen is not None:
        await start(talk, talk.state.question, category=chosen)
    return chosen is not None

"""A form laid aside (先不说这个) and taken up again (继续刚才的)."""

from bot.engine import asking, matters, phrases
from bot.engine.state import Form
from bot.engine.talk import Talk

EXPECTS = "resume"  # the open question whether to go on with what was laid aside
SHOWN = 20  # characters by which a matter is named
_MARKS = " ，,。.!！;；、"


async def lay(talk: Talk) -> bool:
    """Lay the open form aside; what else is said in the turn is looked at next."""
    state, form = talk.state, talk.state.form
    end = phrases.end_of("aside", talk.plain) if form is not None else None
    if form is None or end is None:
        return False
    state.aside.append(form)
    state.form = None
    state.expect("")
    rest = talk.plain[end:].strip(_MARKS)
    why = {"rule": "aside", "category": form.category}
    if rest:
        talk.say("aside.laid", why=why)
        talk.replace(rest)
        return False
    talk.say("aside.what_else", why=why)
    return True


async def take_up(talk: Talk) -> bool:
    """Go on with what was laid aside last; what is open now is laid aside for it."""
    state = talk.state
    if not state.aside or not phrases.says("go_on", talk.plain):
        return False
    await _up(talk)
    return True


async def _up(talk: Talk) -> None:
    state, form = talk.state, talk.state.aside.pop()
    if state.form is not None:
        state.aside.append(state.form)
    state.form = form
    state.expect("")
    matters.take_over(state, form, together=False)
    form.read = ""
    form.asked = {element: min(count, asking.MOST_ASKED - 1) for element, count in form.asked.items()}
    talk.say("aside.taken_up", why={"rule": "resumed", "category": form.category}, matter=name(form))
    await asking.proceed(talk)


def offer(talk: Talk) -> None:
    """Offer once to go on with what was laid aside; not in the turn that laid it aside."""
    state = talk.state
    if not state.aside or state.aside[-1].asked.get(EXPECTS) or _just_now(talk):
        return
    form = state.aside[-1]
    form.asked[EXPECTS] = 1
    why = {"rule": "aside_open", "category": form.category}
    talk.offer("aside.offer", expects=EXPECTS, options=talk.options("yes", "no"), why=why, matter=name(form))


async def answer(talk: Talk) -> bool:
    """Take the answer to the offer; another sentence is a new turn."""
    said = talk.chosen() or phrases.yes_or_no(talk.plain)
    talk.state.expect("")
    if said == "yes":
        await _up(talk)
    elif said == "no":
        talk.say("aside.kept", why={"rule": "declined"})
    return said in {"yes", "no"}


def _just_now(talk: Talk) -> bool:
    return any(reply.data.get("why", {}).get("rule") == "aside" for reply in talk.replies)


def name(form: Form) -> str:
    """Return the words by which a form is named."""
    words = form.category_name or form.description.split("\n")[0]
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"

"""Several requests of one citizen: the first is dealt with now, questions at once, the others one after the other.

Nothing that was told is lost: each becomes a ticket or an answer of its own, also what comes up while a form is open.
"""

from bot.contract import ReplyType
from bot.engine import answers, aside, asking, matters, parts
from bot.engine.parts import Part
from bot.engine.state import Told
from bot.engine.talk import Talk
from intents import statutory_routes

SHOWN = 20  # characters by which a matter is named


async def take(talk: Talk) -> bool:
    """Keep the requests beside the first one, or beside the open form's; False where the turn has nothing more."""
    state, form = talk.state, talk.state.form
    if state.locale != "zh_CN" or state.command is not None or (form is not None and form.editing):
        return False
    if form is not None and form.category is None:
        return False  # it is not known yet what the form is about
    category, placed = (form.category, bool(form.place.text)) if form is not None else (None, False)
    own, others = await parts.find(talk.text, category=category, placed=placed)
    if not others:
        return False
    told = talk.text
    if form is None:
        talk.say("several.noted", why={"rule": "several", "parts": [each.text for each in others]}, count=len(others))
    waiting = [Told(each.text, each.question) for each in others if not await _at_once(talk, each)]
    if form is not None and waiting:
        key = "several.question_later" if all(each.question for each in waiting) else "form.next_matter"
        talk.say(key, why={"rule": "another_matter", "parts": [each.text for each in waiting]})
    state.waiting += waiting
    talk.replace(own if form is not None else told)
    if own and form is not None:
        return False  # the rest of the turn is for the form
    await asking.resume(talk, whole=True)
    return True


async def _at_once(talk: Talk, part: Part) -> bool:
    """Answer a part that needs no form and no question back."""
    talk.replace(part.text)
    if part.understood.statutory is not None:
        route = statutory_routes.routes()[part.understood.statutory]
        talk.say_text(route.explanation, why={"rule": "statutory", "route": route.code})
        return True
    return part.question and await answers.at_once(talk)


async def go_on(talk: Talk) -> None:
    """Come to what waits, once the turn has left nothing open; then offer what was laid aside."""
    state, came_back = talk.state, False
    while state.waiting and _idle(talk):
        told = state.waiting.pop(0)
        talk.replace(told.text)
        first = any(reply.data.get("why", {}).get("rule") == "several" for reply in talk.replies)
        talk.opening = talk.word("several.next" if first else "several.then", matter=name(told.text))
        if told.question:
            talk.say("several.asked", why={"rule": "next_told"}, matter=name(told.text))
            if await answers.answer(talk, asks=True):
                return
        await matters.start(talk, told.text, together=True)
        came_back = True
    if not came_back and _idle(talk):
        aside.offer(talk)


def _idle(talk: Talk) -> bool:
    """Say whether nothing is open: no form, no question, no person on the way, no emergency."""
    state = talk.state
    alarmed = state.alarm is not None and state.alarm.current
    handed = any(reply.type in {ReplyType.HANDOFF, ReplyType.EMERGENCY} for reply in talk.replies)
    return state.form is None and state.command is None and not (state.expects or alarmed or handed)


def name(text: str) -> str:
    """Return the words by which a matter is named, few enough to be read aloud."""
    words = matters.bare_account(text).strip(" ，,。.!！?？；;\n").split("\n")[0]
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"

"""Who comes back hours or days later to an open form: told where they were, and asked to go on or start anew."""

from datetime import datetime, timedelta

from bot.engine import asking, emergencies, matters, phrases, sentences
from bot.engine import form as forms
from bot.engine.state import Returned, State
from bot.engine.talk import Talk

EXPECTS = "returned"
AWAY = timedelta(hours=2)
_NO_NEWS = ("greeting", "lead_in", "resume", "where_were_we", "matter_word")  # says nothing of what is to be done


def note(talk: Talk) -> None:
    """Keep when the citizen spoke; after hours close every question but the form's: who knows what 好的 answers."""
    state, now = talk.state, talk.turn.received_at
    before, state.speaker.at = state.speaker.at, now.isoformat()
    if not before or now - datetime.fromisoformat(before) < AWAY:
        return
    talk.came_back = True
    state.misunderstood, state.article, state.command, state.danger = 0, "", None, None
    if state.alarm is not None and state.alarm.service != emergencies.CRISIS:
        state.alarm.current = False
    if state.form is None:
        state.expect("")


async def meet(talk: Talk) -> bool:
    """Tell the citizen in a sentence which form is open; ask what to do unless the turn answers its question."""
    state, form = talk.state, talk.state.form
    if not talk.came_back or form is None:
        return False
    matter = phrases.civil(forms.title(form))
    if await _answers(talk):
        talk.say("returned.on", why={"rule": "came_back"}, matter=matter)
        return False
    told = "" if any(phrases.says(each, talk.plain) for each in _NO_NEWS) else talk.text
    state.returned = Returned(told, state.expects, state.options)
    talk.offer(
        "returned.ask", expects=EXPECTS, options=talk.options("go_on", "anew"), why={"rule": "came_back"}, matter=matter
    )
    return True


async def _answers(talk: Talk) -> bool:
    """Say whether the turn answers the form's question and tells of nothing else."""
    state, form = talk.state, talk.state.form
    assert form is not None
    understood = await talk.understood()
    if matters.is_clear(understood) and understood.category and understood.category.code != form.category:
        return False
    if talk.chosen() is not None or state.expects in sentences.named_elements(understood):
        return True
    return state.expects == "confirm" and phrases.yes_or_no(talk.plain) is not None


async def answer(talk: Talk) -> bool:
    """Take the answer: the form's question is open again, or the form is dropped; then what was told is looked at."""
    state, chosen = talk.state, talk.chosen()
    kept, state.returned = state.returned or Returned(), None
    if chosen == "anew" or phrases.says("anew", talk.plain) or phrases.says("no", talk.plain):
        state.form, state.waiting, state.summary = None, State().waiting, ""
        state.expect("")
        if kept.told:
            talk.replace(kept.told)
            return False
        talk.say("returned.anew", why={"rule": "anew"})
        return True
    state.expect(kept.expects, kept.options)
    if chosen == "go_on" or any(phrases.says(each, talk.plain) for each in ("resume", "yes")):
        if not kept.told:
            await asking.resume(talk)
            return True
        talk.replace(kept.told)
    return False

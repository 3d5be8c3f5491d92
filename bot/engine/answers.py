"""Questions: answered from the knowledge base with the source, or recorded as unanswered and taken further."""

import re

import kb
from bot.contract import ReplyType
from bot.engine import asking, phrases
from bot.engine.state import Option
from bot.engine.talk import Talk
from core.text.normalise import normalise
from kb import feedback, unanswered, words
from routing.departments import tree as departments

_LAW = re.compile(r"《[^》]+》")  # its articles stand in the data; nobody wants them read aloud
LONGEST_QUESTION = 50  # characters; who writes more than that tells of a matter, whatever is asked in it
FOLLOW_UP = 15  # characters; a question this short may hang on the one before


async def answer(talk: Talk, *, asks: bool) -> bool:
    """Answer a question and ask whether that solved it; without an answer offer a ticket or a person.

    False for what has no answer and was not put as a question (`asks`): then it is a matter.
    """
    state = talk.state
    follows = bool(state.article) and len(talk.plain) <= FOLLOW_UP
    question = f"{state.question}\n{talk.text}" if follows else talk.text
    found = await _find(talk)
    if found is None and (not asks or len(talk.plain) > LONGEST_QUESTION or words.fails(talk.plain)):
        return False
    if found is None:
        await unanswered.record(talk.session, talk.text, conversation=talk.turn.conversation)
        state.question, state.article = question, ""
        why = {"rule": "no_answer"}
        talk.offer("answer.none", expects="offer", options=talk.options("ticket", "person", "cancel"), why=why)
        return True
    state.question, state.misunderstood = question, 0
    if follows and state.article in dict(found.near):
        found = await kb.quote(talk.session, state.article, talk.text) or found  # it goes on about the same matter
    if found.near and not (follows and found.article == state.article):
        options = [Option(id, title) for id, title in ((found.article, found.title), *found.near)]
        options += talk.options("other")
        talk.offer("answer.which", expects="which", options=options, why={"rule": "near", "article": found.article})
        return True
    _answered(talk, found)
    return True


async def which(talk: Talk) -> bool:
    """Take the choice among matters of one subject; another sentence is a new turn."""
    chosen = talk.chosen() or _named(talk)
    found = await kb.quote(talk.session, chosen, talk.state.question) if chosen and chosen != "other" else None
    talk.state.expect("")
    if found is not None:
        _answered(talk, found)
        return True
    if chosen is None:
        return False
    why = {"rule": "no_answer"}
    talk.offer("answer.none", expects="offer", options=talk.options("ticket", "person", "cancel"), why=why)
    return True


def _named(talk: Talk) -> str | None:
    """Return the offered matter in whose title the citizen's few words stand, where it is one only."""
    said = talk.plain.strip(" 。.!！，,的")
    named = [option.code for option in talk.state.options if len(said) >= 2 and said in normalise(option.label)]
    return named[0] if len(named) == 1 else None


def _answered(talk: Talk, found: kb.Answer) -> None:
    talk.state.article = found.article
    talk.state.summary = found.title
    _give(talk, found)
    why = {"rule": "answered", "article": found.article}
    talk.offer("answer.solved", expects="solved", options=talk.options("solved", "not_solved"), why=why)


async def in_between(talk: Talk) -> bool:
    """Answer a question that comes in the middle of a form, then go on with the form; False without an answer."""
    found = await kb.answer(talk.session, talk.text)
    if found is None:
        return False
    _give(talk, found)
    await asking.resume(talk)
    return True


async def solved(talk: Talk) -> bool:
    """Take the answer to whether the question is solved; another sentence is a new turn."""
    state = talk.state
    chosen = {"solved": "yes", "not_solved": "no"}.get(talk.chosen() or "")
    if chosen is None:
        chosen = phrases.yes_or_no(talk.plain)
    if chosen is None:
        state.expect("")
        return False
    await feedback.record(talk.session, state.article, solved=chosen == "yes", conversation=talk.turn.conversation)
    if chosen == "yes":
        state.expect("")
        state.question = state.article = ""
        talk.say("answer.glad", why={"rule": "solved"})
    else:
        options = talk.options("ticket", "person", "cancel")
        talk.offer("answer.not_solved", expects="offer", options=options, why={"rule": "not_solved"})
    return True


async def _find(talk: Talk) -> kb.Answer | None:
    """Return the answer to the question, or to the question before together with this one when it is short."""
    found = await kb.answer(talk.session, talk.text)
    if found is None and talk.state.question and len(talk.plain) <= FOLLOW_UP:
        found = await kb.answer(talk.session, f"{talk.state.question.splitlines()[0]} {talk.text}")
    return found


def _give(talk: Talk, found: kb.Answer) -> None:
    department = departments().get(found.department).name if found.department in departments() else ""
    law = _LAW.search(found.basis)
    key = "answer.source" if law else "answer.source_only"
    source = talk.word(key, department=department, basis=law[0] if law else "")
    passage = found.text.rstrip()
    if found.section:  # a passage from the middle of an article says nothing of its matter
        passage = talk.word("answer.about", title=found.title, section=found.section, passage=passage)
    talk.say_text(
        f"{passage}\n{source}",
        type=ReplyType.ANSWER,
        data={
            "article": found.article,
            "title": found.title,
            "section": found.section,
            "basis": found.basis,
            "department": found.department,
            "department_name": department,
            "passage": passage,  # the text without its source, for doors that show the source beside it
            "reviewed": str(found.reviewed),
        },
        why={"rule": "answer", "article": found.article, "score": round(float(found.score), 3)},
    )

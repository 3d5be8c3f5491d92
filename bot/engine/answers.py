"""Questions: answered from the knowledge base with the source, or recorded as unanswered and taken further."""

from collections.abc import Awaitable, Callable

import kb
from bot.engine import answered, asking, calling, finding, phrases
from bot.engine.state import Option
from bot.engine.talk import Talk
from core.city import city
from core.text.normalise import normalise
from kb import feedback, following, questions, words
from kb.quoting import EVERY

LONGEST_QUESTION = 50  # characters; who writes more than that tells of a matter, whatever is asked in it
ELSEWHERE = "elsewhere"  # a district that has no rule of its own
Say = Callable[[Talk, kb.Answer], Awaitable[None]]
MOST_OTHERS = 3  # articles that are offered when it was none of the first


async def answer(talk: Talk, *, asks: bool) -> bool:
    """Answer a question and ask whether that solved it; without an answer offer a ticket or a person.

    False for what has no answer and was not put as a question (`asks`): then it is a matter.
    """
    state = talk.state
    follows = bool(state.article) and len(talk.plain) <= finding.FOLLOW_UP
    question = f"{state.question}\n{talk.text}" if follows else talk.text
    found = await finding.find(talk)
    asks = asks or bool(_elsewhere(talk))
    if found is None and (not asks or len(talk.plain) > LONGEST_QUESTION or words.fails(talk.plain)):
        return False
    state.question = question
    answered.remember(talk, talk.text)
    if found is None:
        await _none(talk, record=talk.text, keep=follows)
        return True
    if follows and state.article in dict(found.near):
        found = await kb.quote(talk.session, state.article, talk.text, known=state.told) or found
        if finding.said(talk, found):
            await _none(talk, record=question, keep=True)
            return True
    if found.regions:
        options = [Option(code, asking.district_name(code)) for code in found.regions]
        options.append(Option(ELSEWHERE, talk.word("option.other_district")))
        talk.offer("answer.district", expects="which_district", options=options, why={"rule": "districts_differ"})
    elif found.near and not (follows and found.article == state.article):
        options = [Option(id, title) for id, title in ((found.article, found.title), *found.near)]
        options += talk.options("other")
        talk.offer("answer.which", expects="which", options=options, why={"rule": "near", "article": found.article})
    else:
        await _answered(talk, found)
    return True


async def go_on(talk: Talk) -> bool:
    """Answer a few words that go on about the article in hand: 要带什么, 周末开门吗, 那外地户口呢."""
    state = talk.state
    if not state.article or state.form is not None or len(talk.plain) > finding.FOLLOW_UP or state.locale != "zh_CN":
        return False
    if await calling.answer(talk):
        return True
    found = await kb.follow(talk.session, state.article, talk.text) or await finding.sibling(talk)
    if found is None:
        return False
    state.question = f"{state.question}\n{talk.text}"
    answered.remember(talk, talk.text)
    await _say(talk, found)
    return True


async def which(talk: Talk) -> bool:
    """Take the choice among matters of one subject; another sentence is a new turn."""
    chosen, known = talk.chosen() or _named(talk), talk.state.told
    found = None
    if chosen == "other" and await _others(talk):
        return True
    if chosen is None:
        found = await _narrowed(talk)
        return found is not None and await _chosen(talk, found, anew=False)
    if chosen != "other":
        found = await kb.quote(talk.session, chosen, talk.state.question, known=known)
    return await _chosen(talk, found, anew=False)


async def _narrowed(talk: Talk) -> kb.Answer | None:
    """Return what answers the question with a few words more (租房), which the answer's own name must have."""
    talk.state.expect("")
    said = words.content(talk.plain)
    if not said or len(talk.plain) > finding.FOLLOW_UP:
        return None
    found = await kb.answer(talk.session, f"{talk.state.question.splitlines()[-1]} {talk.text}", known=talk.state.told)
    named = found is not None and all(word in normalise(found.title) for word in said)
    return found if named and found is not None and not found.regions else None


async def _others(talk: Talk) -> bool:
    """Offer what else of the base may be meant, beside a ticket and a person; False where there is nothing else."""
    offered = {option.code for option in talk.state.options}
    hits = await kb.search(talk.session, talk.state.question.splitlines()[-1], limit=len(offered) + MOST_OTHERS)
    options = [Option(hit.article, hit.title) for hit in hits if hit.article not in offered][:MOST_OTHERS]
    if not options:
        return False
    options += talk.options("ticket", "person")
    talk.offer("answer.which_else", expects="which", options=options, why={"rule": "none_of_them"})
    return True


async def which_district(talk: Talk) -> bool:
    """Take the district whose rule is wanted; another sentence is a new turn."""
    code = talk.chosen() or await finding.district(talk)
    found = None
    if code is not None:
        talk.state.district = None if code == ELSEWHERE else code
        question = talk.state.question.splitlines()[0]
        found = await kb.answer(talk.session, question, region=code, known=talk.state.told)
    return await _chosen(talk, found, anew=code is None)


async def condition(talk: Talk) -> bool:
    """Take the reply to what the answer depends on; another sentence is a new turn."""
    state = talk.state
    answered.remember(talk, talk.text)
    if (choice := _exactly_chosen(talk)) is not None:
        found = await kb.quote(talk.session, state.article, "", choice=choice)
    else:
        found = await kb.follow(talk.session, state.article, talk.text)
        if found is None and await _unclear(talk):
            found = await kb.quote(talk.session, state.article, "", choice=EVERY)
    return await _chosen(talk, found, anew=choice is None and found is None)


async def _unclear(talk: Talk) -> bool:
    """Say whether the reply is a few words that are nothing else either: then every case is told."""
    if len(talk.plain) > finding.FOLLOW_UP or any(
        phrases.says(name, talk.plain) for name in ("thanks", "bye", "greeting")
    ):
        return False
    understood = await talk.understood()
    place = bool(understood.entities.addresses)
    return not (understood.emergency or understood.statutory or place or phrases.says("question", talk.plain))


async def _chosen(talk: Talk, found: kb.Answer | None, *, anew: bool, say: Say | None = None) -> bool:
    talk.state.expect("")
    if anew:
        return False
    if found is None:
        await _none(talk)
    else:
        await (say or _answered)(talk, found)
    return True


def _exactly_chosen(talk: Talk) -> str | None:
    """Return the chosen code where the text is no more than the label, the place or the code of an option."""
    said, chosen = talk.plain.strip(" 。.!！，,"), talk.chosen()
    inside = (option for option in talk.state.options if option.code == chosen and normalise(option.label) in said)
    return chosen if all(normalise(option.label) == said for option in inside) else None


def _named(talk: Talk) -> str | None:
    """Return the offered matter in whose title the citizen's few words stand, where it is one only."""
    said = talk.plain.strip(" 。.!！，,的")
    named = [option.code for option in talk.state.options if len(said) >= 2 and said in normalise(option.label)]
    return named[0] if len(named) == 1 else None


async def _answered(talk: Talk, found: kb.Answer) -> None:
    """Say what answers the question, and count it as answered; what is asked back is counted once it is known."""
    if not found.ask:
        await questions.record(talk.session, talk.state.question, article=found.article)
    await _say(talk, found)


async def _say(talk: Talk, found: kb.Answer) -> None:
    if found.ask:
        answered.ask_condition(talk, found)
    else:
        await answered.give(talk, found)


async def _none(talk: Talk, *, record: str = "", keep: bool = False) -> None:
    """Say that there is no answer, and offer a ticket or a person.

    `keep`: it went on about the article in hand, which what is asked next may go on about too.
    """
    if record:
        await questions.record(talk.session, record)
    talk.state.article = talk.state.article if keep else ""
    why = {"rule": "no_answer"}
    places, options = _elsewhere(talk), talk.options("ticket", "person", "cancel")
    key = "answer.elsewhere" if places else "answer.none"
    talk.offer(key, expects="offer", options=options, why=why, city=city().name, places=places)


def _elsewhere(talk: Talk) -> str:
    """Return the well-known places elsewhere whose rules this turn asks about; nothing for a report."""
    asks = words.asks(talk.plain) and not words.reports(talk.plain)
    return "、".join(sorted(words.abroad(talk.plain))) if asks else ""


async def at_once(talk: Talk) -> bool:
    """Answer a question beside another request; False where it has no answer, or something is to be asked."""
    found = await kb.answer(talk.session, talk.text, region=talk.state.district, known=talk.state.told)
    if found is None or found.regions or found.ask or found.near:
        return False
    talk.state.article = found.article
    await questions.record(talk.session, talk.text, article=found.article)
    answered.remember(talk, talk.text)
    await answered.say(talk, found)
    return True


async def in_between(talk: Talk) -> bool:
    """Answer a question that comes in the middle of a form, then go on with the form; False without an answer."""
    form = talk.state.form
    region = form.place.district if form is not None else None
    found = None
    if talk.state.article and (following.hangs(talk.plain) or following.asks_section(talk.plain)):
        found = await kb.follow(talk.session, talk.state.article, talk.text)
    found = found or await kb.answer(talk.session, talk.text, region=region, known=talk.state.told)
    if found is None or found.regions:
        return False
    talk.state.article = found.article  # 要多少钱, asked next, is of it
    await questions.record(talk.session, talk.text, article=found.article)
    await answered.say(talk, found)
    await asking.resume(talk)
    return True


async def solved(talk: Talk) -> bool:
    """Take the answer to whether the question is solved, or the section that is chosen; else it is a new turn."""
    state = talk.state
    if (chosen := _exactly_chosen(talk) or "").startswith(answered.SECTION):
        kind = chosen.removeprefix(answered.SECTION)
        found = await kb.quote(talk.session, state.article, "", kind=kind)
        return await _chosen(talk, found, anew=False, say=_say)  # the question was counted before
    said = {"solved": "yes", "not_solved": "no"}.get(talk.chosen() or "") or phrases.yes_or_no(talk.plain)
    if said is None:
        state.expect("")
        return False
    await feedback.record(
        talk.session,
        state.article,
        solved=said == "yes",
        conversation=talk.turn.conversation,
        question=state.question,
    )
    if said == "yes":
        state.expect("")
        state.question = state.article = ""
        talk.say("answer.glad", why={"rule": "solved"})
    else:
        options = talk.options("ticket", "person", "cancel")
        talk.offer("answer.not_solved", expects="offer", options=options, why={"rule": "not_solved"})
    return True

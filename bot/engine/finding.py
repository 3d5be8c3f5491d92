"""What the base has to a turn: alone, with the question before, or the other case of what was just answered."""

import kb
from bot.engine.talk import Talk
from core.text.normalise import normalise
from kb import following, words

FOLLOW_UP = 15  # characters; a question this short may hang on the one before
MOST_SIBLINGS = 8  # articles looked at for one of the same kind
CONDITIONS = "conditions"  # kind of the section that says who may


async def find(talk: Talk) -> kb.Answer | None:
    """Return the answer to the question, or to the question before together with this one when it is short.

    What hangs on the question before (那…呢) is read with it first. Saying the same passage again answers nothing; who
    goes on about the matter in hand is then told whom it is for, and not something about another matter.
    """
    state = talk.state
    region = await district(talk) or state.district
    state.district = region
    asked = [talk.text]
    if state.question and len(talk.plain) <= FOLLOW_UP:
        combined = f"{state.question.splitlines()[0]} {talk.text}"
        if state.article and following.bare(talk.plain):
            asked = [combined]
        else:
            asked = [combined, talk.text] if following.hangs(talk.plain) else [talk.text, combined]
    new = following.new_words(talk.plain) if following.hangs(talk.plain) else []
    for question in asked:
        found = await kb.answer(talk.session, question, region=region, known=state.told)
        if found is not None and question != talk.text and not _has(found, new):
            continue
        if found is not None and not (said(talk, found) and question != talk.text):
            return found
        if found is not None and following.hangs(talk.plain) and _goes_on(talk):
            found = await kb.quote(talk.session, state.article, "", known=state.told, kind=CONDITIONS)
            return found if found and found.kind == CONDITIONS and not said(talk, found) else None
    return None


def _goes_on(talk: Talk) -> bool:
    """Say whether a word of the text stands in the title of the article in hand (外地户口, 新生儿怎么上户口)."""
    title = normalise(talk.state.summary)
    return any(word in title for word in words.content(talk.plain) if len(word) > 1)


def said(talk: Talk, found: kb.Answer) -> bool:
    """Say whether this passage was just said: saying it again answers nothing."""
    return found.article == talk.state.article and found.section in talk.state.said and not found.ask


def _has(found: kb.Answer, new: list[str]) -> bool:
    """Say whether an article has any of the words that a text brings in; one that has none is about something else."""
    told = normalise(f"{found.title} {found.full}")
    return not new or any(word in told for word in new)


async def sibling(talk: Talk) -> kb.Answer | None:
    """Return what the article of the other case says (那买房呢, after how to draw the fund for a rent)."""
    new = following.new_words(talk.plain) if following.hangs(talk.plain) else []
    if not new:
        return None
    hits = await kb.search(talk.session, f"{''.join(new)} {talk.state.summary}", limit=MOST_SIBLINGS)
    named = (hit.article for hit in hits if all(word in normalise(hit.title) for word in new))
    other = next((article for article in named if article != talk.state.article), None)
    return await kb.quote(talk.session, other, talk.text, known=talk.state.told) if other else None


async def district(talk: Talk) -> str | None:
    """Return the district that this turn names."""
    understood = await talk.understood()
    return next((each.district for each in understood.entities.addresses if each.district), None)

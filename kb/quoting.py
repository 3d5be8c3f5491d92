"""What an article says to a question: the passage, what it lists and links, and what must be asked back first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.text.normalise import normalise
from kb import conditions, sections, words
from kb.articles.document import Ask, Choice
from kb.passages import Passage, shorten
from kb.published import Published
from kb.retrieval import LONGEST
from kb.sections import Link

LONGEST_ANSWER = 200  # characters; about forty seconds read aloud
EVERY = "*"  # every choice, where the citizen wants all cases told


@dataclass(frozen=True, slots=True)
class Answer:
    """What the base says to a question. `text` can be read aloud, `full` is the whole article in Markdown."""

    article: str
    title: str
    section: str
    text: str
    full: str
    basis: str
    department: str
    reviewed: date
    score: float  # how sure the line is that this answers, between 0 and 1
    related: tuple[tuple[str, str], ...] = ()  # (id, title) of other articles that fit
    near: tuple[tuple[str, str], ...] = ()  # those of the same subject that fit nearly as well: any may be meant
    corrected: tuple[tuple[str, str], ...] = ()  # what was typed wrong in the question, and what it was read as
    kind: str = ""  # of the section: materials fee where steps conditions online; empty for what is none of them
    passages: tuple[tuple[str, str], ...] = ()  # heading and text of all that the article says
    items: tuple[str, ...] = ()  # what the passage lists, whole: steps in their order, materials one by one
    links: tuple[Link, ...] = ()
    sections: tuple[str, ...] = ()  # kinds of the sections that the article has besides this one
    ask: str = ""  # the answer depends on this question; `text` is what holds for everybody
    choices: tuple[str, ...] = ()  # the replies to it
    case: str = ""  # the choice whose section it is
    assumed: bool = False  # that it is this case was said before, not in this question
    regions: tuple[str, ...] = ()  # districts with a rule of their own: in which it is, only the citizen knows


def quoted(
    article: Published,
    question: str,
    *,
    score: float = 1.0,
    known: str = "",
    choice: str = "",
    kind: str = "",
) -> Answer:
    """Return what `article` says to `question`.

    `known`: what the citizen said before, newest last; it is asked for a condition that neither tells. `choice`: the
    label that was chosen, or `EVERY`. `kind`: the section that was chosen.
    """
    plain = normalise(question[: 2 * LONGEST])[:LONGEST]
    place = _section_of_kind(article, kind) if kind else section_asked(article, plain)
    if place or article.ask is None:
        return of_passage(article, article.passages[place], score=score)
    chosen = _chosen(article, plain, choice)
    assumed = not chosen
    chosen = chosen or _known(article.ask, known)
    if not chosen:
        head = of_passage(article, article.passages[0], score=score)
        return replace(head, ask=article.ask.question, choices=tuple(each.label for each in article.ask.choices))
    found = of_passage(article, _joined(article, chosen), score=score)
    return replace(found, case=chosen[0].label if len(chosen) == 1 else "", assumed=assumed)


def of_passage(article: Published, passage: Passage, *, score: float = 1.0) -> Answer:
    """Return a passage of the article with its source."""
    kind = sections.kind_of(passage.section)
    others = dict.fromkeys(sections.kind_of(each.section) for each in article.passages)
    return Answer(
        article=article.id,
        title=article.title,
        section=passage.section,
        text=shorten(passage.text, LONGEST_ANSWER),
        full="\n\n".join(each.markdown for each in article.passages),
        basis=article.basis,
        department=article.department,
        reviewed=article.reviewed,
        score=score,
        kind=kind,
        passages=tuple((each.section, each.text) for each in article.passages),
        items=sections.items(passage),
        links=sections.links(passage),
        sections=tuple(each for each in others if each and each != kind),
    )


def section_asked(article: Published, plain: str) -> int:
    """Return the place of the section that a question's words point to, else of the head, where the answer is."""
    return next((place for place, each in enumerate(article.passages) if words.is_about(plain, each.section)), 0)


def _section_of_kind(article: Published, kind: str) -> int:
    return next((place for place, each in enumerate(article.passages) if sections.kind_of(each.section) == kind), 0)


def _chosen(article: Published, plain: str, choice: str) -> Sequence[Choice]:
    assert article.ask is not None
    if choice == EVERY or conditions.every_case(plain):
        return article.ask.choices
    if choice:
        return [each for each in article.ask.choices if each.label == choice]
    return conditions.told(article.ask, plain)


def _known(ask: Ask, known: str) -> Sequence[Choice]:
    """Return the one choice that the newest earlier line told that told any."""
    for line in reversed(known.splitlines()):
        if found := conditions.told(ask, normalise(line)):
            return found if len(found) == 1 else ()
    return ()


def _joined(article: Published, choices: Sequence[Choice]) -> Passage:
    """Return the sections of the choices as one passage; of several each begins with its name."""
    by_heading = {each.section: each for each in article.passages}
    found = [by_heading[choice.section] for choice in choices if choice.section in by_heading]
    if len(found) == 1:
        return found[0]
    text = "\n".join(f"{each.section}：{shorten(each.text, LONGEST_ANSWER // len(found))}" for each in found)
    return Passage("", text, "\n\n".join(each.markdown for each in found))

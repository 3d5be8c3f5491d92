"""A few words that go on about the article in hand: 要带什么, 周末开门吗, 那外地户口呢."""

import re
from functools import lru_cache

from core.city import read_yaml
from core.text.normalise import normalise
from kb import conditions, quoting, sections, words
from kb.passages import Passage
from kb.published import Published
from kb.quoting import Answer
from kb.sections import Kind
from kb.words import WORDS

_MARKS = "。？?！! "
MOST_SENTENCES = 3  # that are quoted where the article has no section for it


@lru_cache(maxsize=1)
def _hanging() -> re.Pattern[str]:
    return re.compile(read_yaml(WORDS)["hanging"])


@lru_cache(maxsize=1)
def _hanging_words() -> frozenset[str]:
    return frozenset(read_yaml(WORDS)["hanging_words"].split())


def hangs(plain: str) -> bool:
    """Say whether a normalised text goes on about what was said before (那…, …呢)."""
    return _hanging().search(plain.rstrip(_MARKS)) is not None


def follow(article: Published, text: str) -> Answer | None:
    """Return what `article` says to words that go on about it, None where it says nothing or they are of other things.

    A section it is asked for; else, where it has none, its sentences about that; else the case that is told; else its
    sentences with the words that are new.
    """
    plain = normalise(text)
    kind = sections.asked(plain)
    if article.ask and kind is None and conditions.every_case(plain):
        return quoting.quoted(article, text)
    told = conditions.told(article.ask, plain) if article.ask else ()
    new = _new_words(article, plain, kind)
    of_it = " ".join((article.subject, article.title, *article.questions))
    if any(word not in normalise(of_it) for word in new):
        return _mentioning(article, new, kind) if hangs(plain) else None
    if kind is not None:
        own = quoting.quoted(article, text, kind=kind.name)
        if own.kind == kind.name:
            return own
        if (found := _sentences(article, [kind.said])) is not None:
            return found
    if told:
        return quoting.quoted(article, text)
    return _mentioning(article, new, kind) if new and hangs(plain) else None


def _new_words(article: Published, plain: str, kind: Kind | None) -> list[str]:
    """Return the content words that neither ask for the section nor tell one of the article's cases."""
    rest = _hanging().sub(" ", plain.rstrip(_MARKS))
    rest = sections.without_cues(rest, kind) if kind else rest
    for word in conditions.words_of(article.ask):
        rest = rest.replace(word, " ")
    return [word for word in words.content(rest) if word not in _hanging_words()]


def _mentioning(article: Published, new: list[str], kind: Kind | None) -> Answer | None:
    """Return the sentences that hold all the new words, and are about `kind` where that was asked."""
    about = [kind.said] if kind else []
    return _sentences(article, [*(re.compile(re.escape(word)) for word in new), *about])


def _sentences(article: Published, patterns: list[re.Pattern[str]]) -> Answer | None:
    found = [
        (passage.section, sentence)
        for passage in article.passages
        for sentence in sections.sentences(passage.text)
        if all(pattern.search(normalise(sentence)) for pattern in patterns)
    ][:MOST_SENTENCES]
    if not found:
        return None
    headings = {heading for heading, _ in found}
    text = "".join(sentence for _, sentence in found)
    return quoting.of_passage(article, Passage(headings.pop() if len(headings) == 1 else "", text, text))

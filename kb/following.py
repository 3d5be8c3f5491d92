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


def bare(plain: str) -> bool:
    """Say whether a normalised text has no matter of its own: by itself it asks nothing (多少钱, 每年都要办吗)."""
    kind = sections.asked(plain)
    return not _own_words(sections.without_cues(plain, kind) if kind else plain)


def new_words(plain: str) -> list[str]:
    """Return the words of a normalised text that it has of its own, beside what ties it to the sentence before."""
    return _own_words(_hanging().sub(" ", plain.rstrip(_MARKS)))


def asks_section(plain: str) -> bool:
    """Say whether a normalised text asks for a section, and names no matter of its own (周六上班不)."""
    return sections.asked(plain) is not None and bare(plain)


def follow(article: Published, text: str) -> Answer | None:
    """Return what `article` says to words that go on about it, None where it says nothing or they are of other things.

    Its sentences with the words that its name lacks; else the section it is asked for, or, where it has none, its
    sentences about that; else the case that is told.
    """
    plain = normalise(text)
    kind = sections.asked(plain)
    if article.ask and kind is None and conditions.every_case(plain):
        return quoting.quoted(article, text)
    told = conditions.told(article.ask, plain) if article.ask else ()
    new = _own_words(_rest(article, plain, kind))
    name = normalise(f"{article.subject} {article.title}")
    if any(word not in normalise(" ".join((name, *article.questions))) for word in new):
        return _mentioning(article, new, kind) if hangs(plain) else None
    phrase, extra = "".join(new), [word for word in new if word not in name]
    if extra or (hangs(plain) and phrase not in name):
        found = _mentioning(article, [phrase], None) or (_mentioning(article, extra, None) if extra else None)
        if found or (kind and not kind.cue.search(plain)):
            return found
    if kind is not None:
        own = quoting.quoted(article, text, kind=kind.name)
        return own if own.kind == kind.name else _sentences(article, [kind.said])
    if told:
        return quoting.quoted(article, text)
    small = [word for word in words.content(_rest(article, plain, None)) if len(word) > 1]
    return _mentioning(article, small, None) if small and not new else None


def _own_words(rest: str) -> list[str]:
    return [word for word in words.content(rest) if word not in _hanging_words()]


def _rest(article: Published, plain: str, kind: Kind | None) -> str:
    """Return the text without what ties it to the sentence before, asks for the section, or tells one of the cases."""
    rest = _hanging().sub(" ", plain.rstrip(_MARKS))
    rest = sections.without_cues(rest, kind) if kind else rest
    for word in conditions.words_of(article.ask):
        rest = rest.replace(word, " ")
    return rest


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

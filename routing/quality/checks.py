"""What is read out of a reply to a request, with the words that each finding stands on."""

import re
from dataclasses import dataclass

import numpy as np

from core.text.encode import encoder
from core.text.normalise import normalise
from core.text.segment import words
from routing.quality.rules import quality

# Check, and how much it weighs: 3 harms a person, 2 leaves the request undone, 1 is form.
CHECKS: dict[str, int] = {
    "reveals_author": 3,
    "rude": 3,
    "type_drift": 2,
    "no_answer": 2,
    "empty": 2,
    "copied": 2,
    "promise_without_date": 1,
    "no_result": 1,
    "no_basis": 1,
    "no_contact": 1,
    "missing": 1,
    "unsatisfied": 1,
}
HARMFUL = 3
READ = 300  # characters of a text that are compared in meaning
OVERLAP = 0.5  # weight of shared words beside likeness in meaning
_SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]?")
_NUMBERED = re.compile(r"[\d\s，。！？!?、：:；;“”\"'（）()—-]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: the check, the words it stands on, and a value (a type, a share)."""

    check: str
    words: tuple[str, ...] = ()
    value: str = ""


def of_reply(request: str, result: str, basis: str = "", *, request_type: str = "", secret: bool = False) -> list[Hit]:
    """Return what a reply leaves to be desired; also for one that is still being written.

    Reads and compares by the encoder: call it in a thread.
    """
    rules, found = quality(), []
    if secret and (told := _quoted(rules.reveals, result)):
        found.append(Hit("reveals_author", told))
    if rude := _quoted(rules.rude, result):
        found.append(Hit("rude", rude))
    substance = _substance(result)
    # A few words that name a deed ("已更换灯头") are short, not empty.
    if len(substance) < rules.substance_from and not rules.deed.search(substance):
        found.append(Hit("empty", _quoted(rules.empty, result) or (result[:40],)))
    else:
        score = relevance(request, result)
        if score < rules.relevance_below:
            found.append(Hit("no_answer", tuple(_asked(request)), f"{score:.2f}"))
    found += [Hit("promise_without_date", (sentence.strip(),)) for sentence in _undated(result)]
    if len(substance) >= rules.substance_from and not rules.result.search(result):
        found.append(Hit("no_result"))
    if not (basis or rules.basis.search(result)):
        found.append(Hit("no_basis"))
    if request_type in rules.contact_for and not rules.contact.search(result):
        found.append(Hit("no_contact"))
    return found


def relevance(request: str, result: str) -> float:
    """Return how much a reply speaks of what was asked: likeness in meaning, and the share of the request's words."""
    vectors = encoder().encode([request[:READ], body(result)])
    return float(np.dot(vectors[0], vectors[1])) + OVERLAP * shared(request, result)


def body(result: str) -> str:
    """Return the beginning of a reply without courtesy, as far as it is compared in meaning."""
    said = (each for each in _SENTENCE.findall(result) if not quality().boilerplate.match(each.strip()))
    return ("".join(said) or result)[:READ]


def shared(request: str, result: str) -> float:
    """Return the share of a request's words that are in the reply, 0 to 1."""
    asked = set(_asked(request, most=40))
    return sum(word in result for word in asked) / len(asked) if asked else 0.0


def sentences(result: str) -> list[str]:
    """Return the sentences by which copies are known: long enough, without numbers, dates and boilerplate."""
    rules = quality()
    plain = [_NUMBERED.sub("", normalise(each)) for each in _SENTENCE.findall(rules.boilerplate.sub("", result))]
    return [each for each in plain if len(each) >= rules.sentence_from]


def _quoted(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.group() for found in pattern.finditer(text) if found.group()))


def _substance(result: str) -> str:
    """Return what is left of a reply without boilerplate, empty phrases and signs."""
    rules = quality()
    left = [each for each in _SENTENCE.findall(result) if not rules.boilerplate.search(each)]
    return re.sub(r"[\s\W]+", "", rules.empty.sub("", "".join(left)))


def _undated(result: str) -> list[str]:
    rules = quality()
    return [each for each in _SENTENCE.findall(result) if rules.promise.search(each) and not rules.date.search(each)]


def _asked(request: str, *, most: int = 6) -> list[str]:
    """Return the request's own words of some length, as they come."""
    found = [word for word in words(normalise(request)[: READ * 2]) if len(word) >= 2 and not word.isascii()]
    return list(dict.fromkeys(found))[:most]

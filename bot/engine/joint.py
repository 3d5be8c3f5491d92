"""The answer to a question in pieces: for two elements at once, and with name and number beside it."""

import re

from bot.engine import form as forms
from bot.engine import people, phrases, sentences
from bot.engine.state import Form
from bot.engine.talk import understand
from core.text.normalise import normalise
from intents import Understanding, entities

CONTACT = "contact"
_BREAK = re.compile(r"[，,。.；;！!\s]+")
_PIECES = re.compile(r"[，,。；;]+|(?<=[\u4e00-\u9fff])\s+|(?<=\d{11})\s+")


def clauses(plain: str) -> list[str]:
    """Return what stands between the signs of a normalised text."""
    return [piece for piece in _BREAK.split(plain) if piece]


def without_yes(text: str) -> str:
    """Return a text without the clauses that only say yes: 对，我姓王."""
    pieces = split(text)
    kept = [piece for piece in pieces if not phrases.says("yes", normalise(piece))]
    return text if len(kept) == len(pieces) else "，".join(kept)


async def answer(form: Form, expects: str, text: str, understood: Understanding) -> bool:
    """Take from each part of a text what it answers of `expects` and, with it, `form.beside`; say whether any does.

    Name and number, or that none is left, may stand beside the answer to any question.
    """
    if expects == "what":
        return sentences.answer(form, expects, text, understood)
    pieces = _pieces(text, understood) if form.beside else split(text)
    number, name, rest = contact_of(pieces, mobile=expects != CONTACT)
    form.phone, form.name = form.phone or number, form.name or name
    refused = [piece for piece in rest if phrases.says("anonymous", normalise(piece))] if len(rest) > 1 else []
    if refused:
        form.settled.append(CONTACT)
        rest = [piece for piece in rest if piece not in refused]
    if len(rest) == len(pieces) and (not form.beside or len(pieces) < 2):
        return not wishes(normalise(text)) and sentences.answer(form, expects, text, understood)
    return await _each(form, tuple(filter(None, (expects, form.beside))), rest) or bool(number)


def split(text: str) -> list[str]:
    """Return the parts of a text between its signs."""
    return [piece for piece in _PIECES.split(text) if piece]


def contact_of(pieces: list[str], *, mobile: bool = False) -> tuple[str, str, list[str]]:
    """Return the number that one of the pieces gives, the name in it or beside it, and the other pieces.

    `mobile`: no other number is meant; the number of an order looks like that of a house.
    """
    numbers = {place: people.number_in(piece) for place, piece in enumerate(pieces)}
    if not mobile and not any(numbers.values()):
        numbers = {place: "".join(entities.find(normalise(piece)).phones[:1]) for place, piece in enumerate(pieces)}
    place, number = next(((place, number) for place, number in numbers.items() if number), (0, ""))
    if not number:
        return "", "", pieces
    name, used = people.name_answered(pieces[place], (number,)), {place}
    if not name or sentences.names_something(name):
        beside = [each for each in (place - 1, place + 1) if 0 <= each < len(pieces) and is_name(pieces[each])]
        name = people.name_answered(pieces[beside[0]], ()) if beside else ""
        used.update(beside[:1])
    return number, name, [piece for each, piece in enumerate(pieces) if each not in used]


def is_name(piece: str) -> bool:
    """Say whether a few words are a name and nothing else: 周五, 路口 and 方记饭店 begin like one too."""
    return people.is_name(piece) and not sentences.names_something(piece)


def wishes(plain: str) -> bool:
    """Say whether a text says how the citizen wants to be known, and so answers no other question."""
    return any(phrases.says(each, plain) for each in forms.WISHES)


def _pieces(text: str, understood: Understanding) -> list[str]:
    """Return the parts of a text: between its signs, and, where it has none (a voice), around its time."""
    pieces = split(text)
    when = understood.entities.times[0].text if understood.entities.times else ""
    if len(pieces) == 1 and when and when in text:
        before, _, after = text.partition(when)
        pieces = [piece for piece in (before, when + after) if piece]
    return pieces


def _take(form: Form, elements: tuple[str, ...], piece: str, heard: Understanding) -> bool:
    still = [each for each in elements if not forms.known(form, each)]
    if "where" in still and not sentences.is_place(piece, heard):
        still.remove("where")
    if not sentences.tells_hours(piece, heard):
        still.sort(key=lambda each: each == "hours")  # any words may answer it; a name is rather a party's
    return any(sentences.answer(form, element, piece, heard) for element in still)


async def _each(form: Form, elements: tuple[str, ...], pieces: list[str]) -> bool:
    """Take what each piece answers; the first 不清楚 is for the first of the two that has no answer then.

    A place that the gazetteer knows goes before what merely sounds like one (宏远公司，在滨江大道20号).
    """
    passed, taken = 0, False
    heard = {piece: await understand(piece) for piece in pieces}
    for piece in sorted(pieces, key=lambda piece: not any(each.road for each in heard[piece].entities.addresses)):
        if phrases.says("skip", normalise(piece)):
            passed += 1
        else:
            taken |= _take(form, elements, piece, heard[piece])
    unanswered = [each for each in elements if each not in form.settled and not forms.known(form, each)]
    form.settled += unanswered[:passed]
    return taken or passed > 0

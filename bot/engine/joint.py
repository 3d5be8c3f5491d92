"""The answer to one question for two elements: where and since when, or the last one with name and number."""

import re

from bot.engine import form as forms
from bot.engine import people, phrases, sentences
from bot.engine.state import Form
from bot.engine.talk import understand
from core.text.normalise import normalise
from intents import Understanding

CONTACT = "contact"
_BREAK = re.compile(r"[，,。.；;！!\s]+")
_PIECES = re.compile(r"[，,。；;]+|(?<=[\u4e00-\u9fff])\s+|(?<=\d{11})\s+")


def clauses(plain: str) -> list[str]:
    """Return what stands between the signs of a normalised text."""
    return [piece for piece in _BREAK.split(plain) if piece]


async def answer(form: Form, expects: str, text: str, understood: Understanding) -> bool:
    """Take from each part of a text what it answers of `expects` and, with it, `form.beside`; say whether any does."""
    pieces = _pieces(text, understood) if form.beside else [text]
    if len(pieces) < 2:
        return not wishes(normalise(text)) and sentences.answer(form, expects, text, understood)
    if form.beside == CONTACT:
        return await _with_contact(form, expects, pieces)
    return await _each(form, (expects, form.beside), pieces)


def wishes(plain: str) -> bool:
    """Say whether a text says how the citizen wants to be known, and so answers no other question."""
    return any(phrases.says(each, plain) for each in forms.WISHES)


def _pieces(text: str, understood: Understanding) -> list[str]:
    """Return the parts of a text: between its signs, and, where it has none (a voice), around its time."""
    pieces = [piece for piece in _PIECES.split(text) if piece]
    when = understood.entities.times[0].text if understood.entities.times else ""
    if len(pieces) == 1 and when and when in text:
        before, _, after = text.partition(when)
        pieces = [piece for piece in (before, when + after) if piece]
    return pieces


async def _take(form: Form, elements: tuple[str, ...], piece: str) -> bool:
    heard = await understand(piece)
    still = [each for each in elements if not forms.known(form, each)]
    if "where" in still and not sentences.is_place(piece, heard):
        still.remove("where")
    return any(sentences.answer(form, element, piece, heard) for element in still)


async def _with_contact(form: Form, expects: str, pieces: list[str]) -> bool:
    """Take the number's part and the name beside it for the contact, the rest for the element; one may be refused."""
    numbered = next((place for place, piece in enumerate(pieces) if people.number_in(piece)), None)
    if numbered is not None:
        number = people.number_in(pieces[numbered])
        beside = [place for place in (numbered - 1, numbered + 1) if 0 <= place < len(pieces)]
        name = people.name_answered(pieces[numbered], (number,))
        named = None if name else next((place for place in beside if _is_name(pieces[place])), None)
        form.name = name or (people.name_answered(pieces[named], ()) if named is not None else "") or form.name
        pieces = [piece for place, piece in enumerate(pieces) if place not in {numbered, named}]
    if numbered is not None:
        form.phone = form.phone or number
    elif any(phrases.says("anonymous", normalise(piece)) for piece in pieces):
        form.settled.append(CONTACT)
    return await _each(form, (expects, CONTACT), pieces) or numbered is not None


def _is_name(piece: str) -> bool:
    """Say whether a few words beside a number are a name: 周五, 路口 and 方记饭店 begin like one too."""
    return bool(people.name_answered(piece, ())) and not sentences.names_something(piece)


async def _each(form: Form, elements: tuple[str, str], pieces: list[str]) -> bool:
    """Take what each piece answers; the first 不清楚 is for the first of the two that has no answer then."""
    passed, taken = 0, False
    for piece in pieces:
        if phrases.says("anonymous", normalise(piece)):
            continue
        if phrases.says("skip", normalise(piece)):
            passed += 1
        else:
            taken |= await _take(form, elements, piece)
    unanswered = [each for each in elements if each not in form.settled and not forms.known(form, each)]
    form.settled += unanswered[:passed]
    return taken or passed > 0

"""The form of a matter: what is wanted of it, what is known, and what is still to be asked."""

import re
from collections import Counter

from bot.engine import people, phrases
from bot.engine.state import Form, Place
from core.text.normalise import clean, normalise
from intents import RequestType, Understanding
from intents.categories import Node, tree

PERSONAL_ELEMENTS = ("who", "employer", "company")  # a category that asks for one is about people
CONFIDENTIAL = "confidential"  # asked for where a category says so; else it is offered as the form is read back
PLACELESS = (RequestType.CONSULTATION, RequestType.SUGGESTION, RequestType.PRAISE)  # unless the category has a place
LONGEST_TITLE = 30  # characters
_CLAUSE = re.compile(r"[^，,。;；!！\n]+[，,。;；!！\n]*")
WISHES = ("anonymous", "confidential", "not_confidential", "no_photo")
LEAST_TOLD = 5  # characters from which what answers nothing is kept as part of the account
LONGEST_WISH = 12  # characters of a clause that says nothing but whether to stay unknown
_LINE = re.compile(r"[a-z]?\d{1,4}路(?:公交车?|车)?|(?:轨道|地铁)?\d{1,2}号线")  # goes through several districts
LONG_ACCOUNT = 80  # characters; whoever writes this much has said what they know, only the place is asked for


def new(understood: Understanding, description: str, *, category: str | None = None, question: bool = False) -> Form:
    """Return the form of a matter; `category` when the citizen chose one, `question` when it waits for an answer."""
    form = Form(description=clean(description))
    classify(form, understood, category=category, question=question)
    return form


def classify(form: Form, understood: Understanding, *, category: str | None = None, question: bool = False) -> None:
    """Set type, category, urgency and what the category wants to know; `question`: a department is to answer it."""
    code = category or (understood.category.code if understood.category else None)
    node = tree().get(code) if code else None
    leaf = node is not None and not node.children
    form.request_type = str(node.request_type if category and node and leaf else understood.request_type)
    if form.request_type == RequestType.CONSULTATION and not leaf and not question:
        form.request_type = str(RequestType.ASSISTANCE)  # it was read as one for want of a sign, and is no question
    form.category = node.code if node else None
    form.category_name = node.name if node else ""
    form.urgency = str(node.urgency if category and node and leaf else understood.urgency)
    form.wanted = ["what", "contact"] if question else _wanted(form, node, understood)


def _asks(node: Node, understood: Understanding) -> list[str]:
    """Return what a category wants to know; of an inner one, what its likeliest leaf wants, else most of its leaves."""
    if not node.children:
        return list(node.ask)
    likeliest = next((each for each in understood.alternatives if each.code.startswith(f"{node.code}.")), None)
    if likeliest is not None:
        return list(tree()[likeliest.code].ask)
    leaves = [leaf for leaf in tree().leaves() if leaf.code.startswith(f"{node.code}.")]
    counts = Counter(element for leaf in leaves for element in leaf.ask)
    return [element for element, count in counts.items() if 2 * count > len(leaves)]


def _wanted(form: Form, node: Node | None, understood: Understanding) -> list[str]:
    ask = _asks(node, understood) if node else [] if form.request_type in PLACELESS else ["where"]
    if form.request_type == RequestType.PRAISE:
        ask = [element for element in ask if element in PERSONAL_ELEMENTS]  # whom to thank is all that matters
    if form.request_type == RequestType.SUGGESTION:
        ask = [element for element in ask if element not in {"when", "hours"}]  # it has not happened
    long = len(form.description) >= LONG_ACCOUNT
    placed = "where" in ask and not (long and form.request_type in PLACELESS)
    wanted = ["what", "where", "district"] if placed else ["what", "district"]
    if not long:
        wanted += [element for element in ask if element not in {"where", CONFIDENTIAL}]
    wanted.append("contact")
    personal = not set(ask).isdisjoint(PERSONAL_ELEMENTS)
    if CONFIDENTIAL in ask or (form.request_type == RequestType.COMPLAINT and personal):
        wanted.append(CONFIDENTIAL)
    return wanted


def missing(form: Form) -> str | None:
    """Return the next element to ask for, or None when the form is complete."""
    if form.editing:
        return form.editing[0]
    return next(iter(all_missing(form)), None)


def all_missing(form: Form) -> list[str]:
    """Return the elements that are still to be asked for, in their order."""
    return [element for element in form.wanted if element not in form.settled and not known(form, element)]


def known(form: Form, element: str) -> bool:
    """Say whether the element needs no question: it has been said, or there is nothing to ask about it."""
    place = form.place
    match element:
        case "what":
            return bool(form.description)
        case "where":
            return bool(place.text)
        case "district":
            named = bool(place.text) and not _LINE.fullmatch(normalise(place.text))
            open_place = bool(place.candidates) or ("where" in form.wanted and named)
            return place.district is not None or not open_place
        case "when":
            return bool(form.happened)
        case "contact":
            return bool(form.phone)
        case "confidential":
            node = tree().get(form.category or "")
            return form.confidential is not None or not _named(form) or node is None or CONFIDENTIAL not in node.ask
        case _:
            return bool(form.elements.get(element))


def _named(form: Form) -> bool:
    """Say whether there is, or will be, a name or number to keep secret."""
    return bool(form.phone or form.name) or "contact" not in form.settled


def may_be_confidential(form: Form) -> bool:
    """Say whether secrecy is to be offered; a tip-off is secret anyway (`routing.hiding`)."""
    return CONFIDENTIAL in form.wanted and form.confidential is None and _named(form)


def set_place(form: Form, place: Place) -> None:
    """Put in a place; the question for its district is open again."""
    form.place = place
    form.settled = [element for element in form.settled if element not in {"where", "district"}]
    form.asked.pop("district", None)


def add(form: Form, text: str) -> None:
    """Add a sentence to the account, once, without the citizen's own name and number, and without wishes for them."""
    text = people.without_contact(clean(without_wishes(text)), form.name, form.phone)
    if text and text not in form.description:
        form.description = f"{form.description}\n{text}".strip()


def without_wishes(text: str) -> str:
    """Return a text without the clauses that say nothing but how the citizen wants to be known."""
    return "".join(each for each in _CLAUSE.findall(text) if not _wishes(normalise(each)))


def _wishes(clause: str) -> bool:
    """Say whether a clause says nothing but how the citizen wants to be known."""
    return len(clause) <= LONGEST_WISH and any(phrases.says(each, clause) for each in WISHES)


def reopen(form: Form, element: str) -> None:
    """Ask for an element anew; what is known of it stays until the answer, and if there is none."""
    if element not in form.editing:
        form.editing.append(element)
    form.asked.pop(f"edit_{element}", None)


def forget_contact(form: Form) -> None:
    """Forget name and number: the citizen wants to leave none after all."""
    form.name = form.phone = ""
    form.settled.append("contact")


def title(form: Form) -> str:
    """Return a title: the place and the category's name, else how the account begins."""
    if form.category_name:
        return f"{form.place.text[:LONGEST_TITLE]} {form.category_name}".strip()
    first = phrases.civil(form.description).split("\n")[0]
    return first if len(first) <= LONGEST_TITLE else first[: LONGEST_TITLE - 1] + "…"

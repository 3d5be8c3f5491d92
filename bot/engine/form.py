"""The form of a matter: what is wanted, what is known, what a sentence adds to it."""

import re

from bot.engine import people, phrases
from bot.engine.state import Form, Place
from core.text.normalise import clean, normalise
from intents import Address, RequestType, Understanding
from intents.categories import Node, tree

PERSONAL_ELEMENTS = ("who", "employer", "company")  # a category that asks for one is about people
FREE_TEXT = ("who", "employer", "company", "amount", "licence_plate", "order_number")
LONG_ACCOUNT = 80  # characters; whoever writes this much has said what they know, only the place is asked for
LONGEST_ANSWER = 40  # characters of an answer to one question; what is longer adds to the account

_LEAD = re.compile(r"^(?:就在|是在|位于|地址是|地点是|地址|地点|在|就是|是)[:：\s]*")
# 坏了三天了, 一个星期没人来: how long it has lasted says when it began.
_LASTING = re.compile(
    r"(?:好)?[几数半两\d一二三四五六七八九十]+(?:来|多)?个?多?(?:小时|天|日|晚上?|周|星期|礼拜|月|年)多?(?=了|没|都|不|还|，|。|$)"
)
_NOT_A_PLACE = re.compile(r"[?？]|怎么|什么|为什么")


def new(understood: Understanding, description: str, *, category: str | None = None) -> Form:
    """Return the form of a matter; `category` when the citizen chose one."""
    form = Form(description=clean(description))
    classify(form, understood, category=category)
    return form


def classify(form: Form, understood: Understanding, *, category: str | None = None) -> None:
    """Set type, category, urgency and what the category wants to know."""
    code = category or (understood.category.code if understood.category else None)
    node = node_of(code)
    form.request_type = str(node.request_type if category and node else understood.request_type)
    form.category = node.code if node else None
    form.category_name = node.name if node else ""
    form.urgency = str(node.urgency if category and node else understood.urgency)
    form.wanted = _wanted(form, node)


def node_of(code: str | None) -> Node | None:
    """Return the category of a code, or None."""
    return tree().get(code) if code else None


def _wanted(form: Form, node: Node | None) -> list[str]:
    ask = list(node.ask) if node else ["where"]
    wanted = ["what"]
    if "where" in ask:
        wanted += ["where", "district"]
    if len(form.description) < LONG_ACCOUNT:
        wanted += [element for element in ask if element != "where"]
    wanted.append("contact")
    personal = not set(ask).isdisjoint(PERSONAL_ELEMENTS)
    if form.request_type == RequestType.TIP_OFF or (form.request_type == RequestType.COMPLAINT and personal):
        wanted.append("confidential")
    return wanted


def missing(form: Form) -> str | None:
    """Return the next element to ask for, or None when the form is complete."""
    for element in form.wanted:
        if element not in form.settled and not known(form, element):
            return element
    return None


def known(form: Form, element: str) -> bool:
    """Say whether the element needs no question: it has been said, or cannot be asked yet."""
    place = form.place
    match element:
        case "what":
            return bool(form.description)
        case "where":
            return bool(place.text)
        case "district":
            return not place.text or place.district is not None
        case "when":
            return bool(form.happened)
        case "contact":
            return bool(form.phone)
        case "confidential":
            return form.confidential is not None
        case _:
            return bool(form.elements.get(element))


def absorb(form: Form, understood: Understanding, text: str, *, replace: bool = False) -> list[str]:
    """Put in what a sentence names; return the elements it filled. `replace`: what was known before gives way."""
    named, filled = understood.entities, []
    if named.addresses and (replace or not known(form, "where") or _narrows(form.place, named.addresses[0])):
        form.place = place_of(named.addresses)
        filled.append("where")
    lasting = _LASTING.search(normalise(text))
    when = named.times[0].text if named.times else lasting[0] if lasting else ""
    if when and (replace or not form.happened):
        form.happened = when
        filled.append("when")
    if named.phones and (replace or not form.phone):
        form.phone = named.phones[0]
        filled.append("contact")
    name = people.name_in(text)
    if name and (replace or not form.name):
        form.name = name
        filled.append("name")
    for element, values in _things(form, understood).items():
        if values and (replace or not form.elements.get(element)):
            form.elements[element] = values[0]
            filled.append(element)
    plain = normalise(text)
    if phrases.says("confidential", plain):
        form.confidential = True
        filled.append("confidential")
    if phrases.says("anonymous", plain) and not form.phone:
        form.settled.append("contact")
        filled.append("contact")
    return filled


def _things(form: Form, understood: Understanding) -> dict[str, tuple[str, ...]]:
    named = understood.entities
    wanted = [element for element in form.wanted if element in PERSONAL_ELEMENTS]
    things = {"licence_plate": named.licence_plates, "amount": named.amounts}
    return things | dict.fromkeys(wanted[:1], named.organisations)


def _narrows(before: Place, address: Address) -> bool:
    """Say whether an address says more than the place that is known: its district."""
    return before.district is None and address.district is not None and address.district in before.candidates


def place_of(addresses: tuple[Address, ...]) -> Place:
    """Return the place that addresses of one sentence name together; the first one that knows its district leads."""
    best = next((address for address in addresses if address.district), addresses[0])
    texts = list(dict.fromkeys(address.text for address in addresses))
    longest = max(texts, key=len)
    text = longest if all(part in longest for part in texts) else "".join(texts)
    return Place(text=text, district=best.district, street=best.street, candidates=list(best.candidates))


def answer(form: Form, element: str, text: str, understood: Understanding) -> bool:
    """Take the text as the answer to the question for one element; say whether it is one."""
    text = clean(text).strip(" 。.!！")
    brief = len(text) <= LONGEST_ANSWER
    match element:
        case "what":
            form.description = text
            classify(form, understood)
            return bool(text)
        case "where":
            said = _LEAD.sub("", text)
            if not brief or len(said) < 2 or _NOT_A_PLACE.search(said):
                return False
            form.place = Place(text=said)
        case "when":
            if not brief:
                return False
            form.happened = text
        case "contact":
            name = people.name_answered(text, understood.entities.phones)
            form.name = name or form.name
            return bool(understood.entities.phones)
        case element if element in FREE_TEXT:
            if not brief:
                return False
            form.elements[element] = text
        case _:
            return False
    return True


def correct(form: Form, wrong: str, right: str, understood: Understanding) -> bool:
    """Put right what the citizen said before; `understood` is of `right` alone. Say whether something changed."""
    number = form.place.text.partition(wrong)[2] if wrong else ""
    changed = bool(absorb(form, understood, right, replace=True))
    if wrong and wrong in form.place.text and "where" not in changed_elements(understood):
        form.place = Place(text=form.place.text.replace(wrong, right))
        changed = True
    elif number and understood.entities.addresses and not any(char.isdigit() for char in right):
        form.place.text += number  # 不是南山路，是南海路: the house number stays
    if wrong and wrong in form.description:
        form.description = form.description.replace(wrong, right)
        changed = True
    elif changed and not wrong:
        form.description += f"。更正：{right}"
    return changed


def changed_elements(understood: Understanding) -> set[str]:
    """Return which elements a sentence names."""
    named = understood.entities
    kinds = {"where": named.addresses, "when": named.times, "contact": named.phones}
    return {element for element, values in kinds.items() if values}


def add(form: Form, text: str) -> None:
    """Add a sentence to the account, once."""
    text = clean(text)
    if text and text not in form.description:
        form.description = f"{form.description}\n{text}".strip()


def clear(form: Form, element: str) -> None:
    """Forget an element so that it is asked for again."""
    match element:
        case "what":
            form.description = ""
        case "where":
            form.place = Place()
        case "when":
            form.happened = ""
        case "contact":
            form.name = form.phone = ""
        case "confidential":
            form.confidential = None
    gone = {element, "district"} if element == "where" else {element}
    form.settled = [each for each in form.settled if each not in gone]
    form.asked = {each: count for each, count in form.asked.items() if each not in gone}
    if element not in form.wanted:
        form.wanted.insert(1, element)

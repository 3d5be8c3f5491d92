"""What holds instead of what was said before, put into the form in place (不是南山路，是南海路: the number stays)."""

from bot.engine import form as forms
from bot.engine import people, sentences, within
from bot.engine.state import Form, Place
from core.text.normalise import clean, normalise
from intents import Understanding


def restate(form: Form, wrong: str, right: str, understood: Understanding, *, element: str = "") -> bool:
    """Put right what the citizen said before; `understood` is of `right` alone. Say whether something changed.

    `element`: which one is meant, where the citizen named it.
    """
    if wrong and wrong in form.name:
        form.name = form.name.replace(wrong, right)
        return True
    before, when, addresses = form.place.text, form.happened, understood.entities.addresses
    if element in {"", "where"} and within.put(form, right, wrong):
        return True
    if element and element not in {"where", "when"}:
        return _set(form, element, sentences.LEAD.sub("", clean(right)), understood)
    misplaced = bool(wrong) and wrong in before
    filled = sentences.absorb(form, understood, right, replace=True)
    if wrong and wrong in when:
        form.happened = when.replace(wrong, right)  # 不是下午，是上午: the day stays
    if element and element not in filled and sentences.answer(form, element, right, understood):
        filled.append(element)
    if misplaced and not addresses:
        forms.set_place(form, Place(text=before.replace(wrong, right)))
    elif misplaced and not addresses[0].number and sentences.only_district(addresses) is None:
        form.place.text += before.partition(wrong)[2]  # 不是南山路，是南海路: the house number stays
    elif not misplaced and "where" in filled and form.place.text.endswith(tuple("路街巷弄道")):
        form.place.text += within.house_of(before)
    if wrong and wrong in form.description:
        form.description = form.description.replace(wrong, right)
        return True
    if not misplaced:
        told = {"where", "when"} & set(filled)
        changed = told - {"when"} if when not in form.description else told
        _retell(form, {before: form.place.text, when: form.happened}, right, again=bool(changed))
    return misplaced or bool(filled)


def _retell(form: Form, instead: dict[str, str], right: str, *, again: bool) -> None:
    """Let the account say what holds: `instead` of what was wrong, else behind it, where it does not say that."""
    account = form.description
    for wrong, holds in instead.items():
        said = holds in account and wrong in holds  # 工人村 became 工人村3号楼 where the account says that already
        account = account.replace(wrong, holds) if wrong and holds and not said else account
    if account == form.description and again and right not in account:
        account += f"（更正：{right}）"
    form.description = account


def _set(form: Form, element: str, right: str, understood: Understanding) -> bool:
    """Put what holds into an element that the citizen named."""
    named = understood.entities
    match element:
        case "phone" | "name" | "contact":
            phones = named.phones if element != "name" else ()
            name = people.name_answered(right, named.phones) or people.respelt(form.name, right)
            form.phone = phones[0] if phones else form.phone
            form.name = name if name and element != "phone" else form.name
            return bool(phones) or (element != "phone" and bool(name))
        case "district":
            district = next((each.district for each in named.addresses if each.district), None)
            if district is not None:
                sentences.move(form, named.addresses[0].text, district)
            return district is not None
        case "what":
            form.description = right
            forms.classify(form, understood)
            return bool(right)
        case "confidential":
            return bool(sentences.wishes(form, normalise(right)))
    if not right or len(right) > sentences.LONGEST_ANSWER or sentences.speaks_to_us(normalise(right)):
        return False
    before = form.elements.get(element, "")
    value = {"amount": sentences.sums_in(right), "licence_plate": named.licence_plates}.get(element) or (right,)
    form.elements[element] = value[0]
    form.description = form.description.replace(before, value[0]) if before else form.description
    return True

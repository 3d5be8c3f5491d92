"""What is asked next, how often, and the summary that the citizen confirms."""

from bot import conversations
from bot.contract import ReplyType
from bot.engine import form as forms
from bot.engine import joining, phrases
from bot.engine.state import Form, Option
from bot.engine.talk import Talk, Then, digest
from core.privacy import PHONE, mask_text
from intents import RequestType
from routing.departments import tree as departments

CONFIRM = "confirm"
MOST_ASKED = 2  # the same question is never put a third time
SHOWN_DESCRIPTION = 60  # characters of the account that are read back
SHOWN_SUMMARY = 60
ASKED_TOGETHER = frozenset({"where", "when", "hours", *forms.PERSONAL_ELEMENTS, "amount"})  # two of them in one breath
DOORS_WITH_PHOTOS = frozenset({"web", "wechat", "email"})
DOORS_WITH_NUMBER = frozenset({"voice"})  # the door knows the caller's number


async def proceed(talk: Talk) -> None:
    """Ask for the next element that is missing; read the form back when none is."""
    if talk.driven:
        talk.then = Then.ASK
    else:
        await ask(talk, await due(talk))


async def due(talk: Talk) -> str:
    """Return what the form asks next: an element, `join` where others reported the same nearby, or `confirm`."""
    form = talk.state.form
    assert form is not None
    await _fill_from_door(talk, form)
    talk.state.summary = mask_text(f"{form.category_name} {form.place.text} {form.description}"[:SHOWN_SUMMARY].strip())
    form.beside = ""
    if (anew := _edited(form)) is not None:
        return anew
    if await joining.is_due(talk):
        return joining.EXPECTS
    element = forms.missing(form)
    while element is not None and element != "what" and form.asked.get(element, 0) >= MOST_ASKED:
        form.settled.append(element)
        element = forms.missing(form)
    return element or CONFIRM


async def ask(talk: Talk, element: str) -> None:
    """Ask for an element of the form, whether it belongs to a ticket nearby (`join`), or whether it is right."""
    form = talk.state.form
    assert form is not None
    if element == joining.EXPECTS:
        return joining.ask(talk)
    if element == CONFIRM:
        return confirm_briefly(talk, rule="put_again") if talk.summary_stands else confirm(talk)
    if form.editing:
        return _ask_anew(talk, form, form.editing[0])
    if form.asked.get(element, 0) >= MOST_ASKED:
        return give_up(talk, element)
    if element == "contact" and forms.all_missing(form) == ["contact"] and form.read != content(form):
        return _confirm_with_contact(talk, form)
    next_told, opening = talk.opening, talk.opening or ("" if form.asked else talk.word("form.begun"))
    talk.opening = ""
    form.beside = _beside(talk, form, element)
    form.asked[element] = form.asked.get(element, 0) + 1
    again = ".again" if form.asked[element] > 1 else ""
    rule = "put_again" if talk.resumes else "missing"
    why = {"rule": rule, "element": element, "asked": form.asked[element]}
    if element in {"district", "confidential"} and next_told:
        talk.say_text(next_told, why={"rule": "next_told"})
    if element == "district":
        return _ask_district(talk, form, again, why)
    if element == "confidential":
        return talk.offer(f"ask.confidential{again}", expects=element, options=talk.options("secret", "open"), why=why)
    talk.state.expect(element)
    if form.beside:
        form.asked[form.beside] = form.asked.get(form.beside, 0) + 1
        return _ask_both(talk, form, element, opening)
    key = f"ask.{element}"
    if element == "where" and len(form.description) >= forms.LONG_ACCOUNT:
        key = "ask.where.roughly"
    if element == "contact" and form.name:
        form.asked["phone"] = form.asked.get("phone", 0) + 1
        key, again = "ask.phone", ".again" if form.asked["phone"] > 1 else ""
    talk.say_text(
        opening + talk.word(f"{key}{again}", name=form.name),
        type=ReplyType.FORM,
        data={"element": element, "filled": filled(form)},
        why={"message": key} | why,
    )


def _edited(form: Form) -> str | None:
    """Return what the citizen wants to change, as another engine knows it; asked as often as anything."""
    while form.editing and form.asked.get(f"edit_{form.editing[0]}", 0) >= MOST_ASKED:
        form.editing.pop(0)  # what was known stays
    return ("contact" if form.editing[0] in {"phone", "name"} else form.editing[0]) if form.editing else None


def _ask_anew(talk: Talk, form: Form, element: str) -> None:
    asked = form.asked.get(f"edit_{element}", 0) + 1
    form.asked[f"edit_{element}"] = asked
    rule = "put_again" if talk.resumes else "edit"
    why: dict[str, object] = {"rule": rule, "element": element, "asked": asked}
    if element == "district":
        return _ask_district(talk, form, "", why)
    if element == "confidential":
        return talk.offer("ask.confidential", expects=element, options=talk.options("secret", "open"), why=why)
    talk.state.expect(element)
    data = {"element": element, "filled": filled(form)}
    name = talk.word(f"option.element_{element}")
    key = "form.edit.again" if asked > 1 else "form.edit"
    talk.say(key, type=ReplyType.FORM, data=data, why=why, element=name)


def _beside(talk: Talk, form: Form, element: str) -> str:
    """Return what is asked for in the same breath."""
    wanted = [each for each in form.wanted if each in ASKED_TOGETHER and each not in form.settled]
    open_ones = [each for each in wanted if not forms.known(form, each) and not form.asked.get(each)]
    if len(open_ones) < 2 or open_ones[0] != element:
        return ""
    return open_ones[1]


def _ask_both(talk: Talk, form: Form, element: str, opening: str) -> None:
    times, key = form.asked[element], "ask.both"
    rule = "put_again" if talk.resumes else "missing"
    first, second = (talk.word(f"brief.{each}") for each in (element, form.beside))
    talk.say_text(
        opening + talk.word(key, first=first, second=second),
        type=ReplyType.FORM,
        data={"element": element, "beside": form.beside, "filled": filled(form)},
        why={"message": key, "rule": rule, "element": element, "beside": form.beside, "asked": times},
    )


async def _fill_from_door(talk: Talk, form: Form) -> None:
    if talk.turn.channel in DOORS_WITH_NUMBER and not form.phone and "contact" not in form.settled:
        peer = (await conversations.get(talk.session, talk.turn.conversation)).peer
        if peer and PHONE.fullmatch(peer):
            form.phone = peer


def _ask_district(talk: Talk, form: Form, again: str, why: dict[str, object]) -> None:
    candidates = form.place.candidates or [each.code for each in departments() if each.kind == "district"]
    options = [Option(code, district_name(code)) for code in candidates] + talk.options("unknown_district")
    key = "ask.district.among" if form.place.candidates else "ask.district"
    talk.offer(f"{key}{again}", expects="district", options=options, why=why, place=form.place.text)


def district_name(code: str) -> str:
    """Return what people call a district."""
    found = departments().of_district(code)
    return found.short_name if found else code


def confirm(talk: Talk) -> None:
    """Read the form back and ask whether it is right; offer once that photos may be added, and secrecy."""
    form = talk.state.form
    assert form is not None
    _offer(talk, form)
    form.read = form.agreed = ""
    secret = ["confirm_secret"] if forms.may_be_confidential(form) else []
    talk.offer(
        "form.confirm.secrecy" if form.secrecy_open else "form.confirm",
        expects=CONFIRM,
        options=talk.options("confirm", *secret, "change", "cancel_form"),
        why={"rule": "complete", "category": form.category, "request_type": form.request_type},
        summary=read_back(talk, form),
    )


def _confirm_with_contact(talk: Talk, form: Form) -> None:
    """Read the form back and ask for nothing more than name and number: who gives them says that it is right."""
    _offer(talk, form)
    form.asked.setdefault("contact", 1)  # read anew for what has changed, it is not the same question
    form.read = content(form)
    key = "form.confirm.phone" if form.name else "form.confirm.contact"
    talk.offer(
        f"{key}.secrecy" if form.secrecy_open else key,
        expects="contact",
        options=talk.options("unnamed", "change", "cancel_form"),
        why={"rule": "complete_but_contact", "category": form.category, "request_type": form.request_type},
        summary=read_back(talk, form),
        name=form.name,
    )


def content(form: Form) -> str:
    """Return a digest of what a citizen is read back, but for themselves and their photos."""
    told = (form.description, place_words(form), form.happened, *form.elements.values(), form.join)
    return digest("\n".join(told))


def _offer(talk: Talk, form: Form) -> None:
    """Offer photos once, and mark what stands offered: photos, secrecy."""
    offers = not form.photo_offered and "where" in form.wanted and talk.turn.channel in DOORS_WITH_PHOTOS
    form.photo_offered, form.photo_open = form.photo_offered or offers, offers and not form.media
    if form.photo_open:
        talk.say("form.photo", why={"rule": "photo_offered"})
    form.secrecy_open = forms.may_be_confidential(form) and not form.asked.get(forms.CONFIDENTIAL)
    if form.secrecy_open:
        form.asked[forms.CONFIDENTIAL] = 1


def confirm_alone(talk: Talk, rule: str) -> None:
    """Ask for the confirmation alone; the summary stands. `rule`: no_photo, secret, not_secret."""
    options = talk.options("confirm", "change", "cancel_form")
    talk.offer(f"form.confirm.{rule}", expects="confirm", options=options, why={"rule": rule})


def confirm_briefly(talk: Talk, *, rule: str = "unclear") -> None:
    """Ask for the confirmation in other words, with a person as a way out: the answer was none, or something else."""
    options = talk.options("confirm", "change", "person", "cancel_form")
    talk.offer("form.confirm_briefly", expects="confirm", options=options, why={"rule": rule})


def read_back(talk: Talk, form: Form) -> str:
    """Return the form as sentences that can be read aloud."""
    told = phrases.civil(form.description).splitlines()
    account = "，".join(phrases.without_fillers(line).strip(" 。，,.") for line in told)
    if len(account) > SHOWN_DESCRIPTION:
        account = account[: SHOWN_DESCRIPTION - 1] + "…"
    lines = [talk.word("summary.what", account=account.rstrip("。.!！"))]
    if form.place.text:
        lines.append(talk.word("summary.where", place=place_words(form)))
    if form.happened and form.happened not in form.description and form.happened not in form.elements.values():
        lines.append(talk.word("summary.when", when=form.happened))
    lines += [talk.word(f"summary.{element}", value=value) for element, value in form.elements.items()]
    if form.phone:
        lines.append(talk.word("summary.contact", contact=" ".join(filter(None, (form.name, form.phone)))))
    elif "contact" in form.settled:
        lines.append(talk.word("summary.no_contact"))
    if form.join:
        lines.append(talk.word("summary.join"))
    if form.confidential or form.request_type == RequestType.TIP_OFF:  # whose author no department ever learns
        lines.append(talk.word("summary.confidential"))
    if form.media:
        lines.append(talk.word("summary.photos", count=len(form.media)))
    return talk.word("summary.between").join(lines)


def place_words(form: Form) -> str:
    """Return the place with its district, said once."""
    place = form.place
    name = district_name(place.district) if place.district else ""
    return place.text if not name or place.text.startswith((name, name[:-1])) else name + place.text


def filled(form: Form) -> list[str]:
    """Return the elements that are known."""
    return [element for element in form.wanted if element not in form.settled and forms.known(form, element)]


def give_up(talk: Talk, element: str) -> None:
    """The line did not understand twice: offer a person."""
    talk.offer(
        "clarify.person",
        expects="offer",
        options=talk.options("person", "cancel"),
        why={"rule": "asked_enough", "element": element},
    )


async def resume(talk: Talk, *, whole: bool = False) -> None:
    """Go back to the form after something else came in between; nothing where there is no form.

    Its question is said again and not counted: nobody has failed to answer it. A summary is not read a second time,
    unless it has changed or says which matter is meant (`whole`).
    """
    form = talk.state.form
    if form is None:
        return
    talk.summary_stands = talk.state.expects == CONFIRM and not whole
    form.read = "" if whole else form.read
    resumed(talk)
    await proceed(talk)


def resumed(talk: Talk) -> None:
    """Take back one asking of the open question: something else came between, and it is put again."""
    form, expects = talk.state.form, talk.state.expects
    assert form is not None
    talk.resumes = True
    if form.asked.get(expects) or form.asked.get(f"edit_{expects}"):
        for element in filter(form.asked.get, (expects, form.beside, f"edit_{expects}")):
            form.asked[element] -= 1

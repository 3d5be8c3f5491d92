"""A turn while a form is open: the answer to its question, an answer to another one, a correction, an addition."""

from bot.engine import (
    asking,
    corrections,
    editing,
    joint,
    opening,
    people,
    phrases,
    read_back,
    sentences,
    several,
    within,
)
from bot.engine import form as forms
from bot.engine.state import Form
from bot.engine.talk import Talk, Then, understand
from intents import RequestType, Understanding
from intents.categories import tree

LONGEST_WORRY = 20  # characters; a longer text has a matter in it
ABOUT_THE_FORM = ("how_long", "why_contact", "why_place", "how_much")  # questions of the citizen
DECLINABLE = frozenset(
    {"contact", "confidential", "district", "join"}
)  # 不用了 answers these and the offer; else it cancels


async def take(talk: Talk) -> bool:
    """Take the turn into the form; False where it is something else (a question, a command)."""
    form, expects = talk.state.form, talk.state.expects
    if form is None:
        return False
    if form.editing:
        return await editing.take(talk, form)
    if expects == "confirm":
        return await _at_confirmation(talk, form)
    if expects == "change":
        return await editing.change(talk, form)
    if phrases.says("change", talk.plain):
        editing.ask_what(talk, form)
        return True
    if await editing.correct(talk, form):
        return True
    understood = await talk.understood()
    if expects == "district" and await _district(talk, form):
        return True
    if expects == "confidential" and _confidential(talk, form):
        await asking.proceed(talk)
        return True
    if expects == joint.CONTACT and form.read:
        return await _at_read_back(talk, form)
    await _fill(talk, form, understood)
    if form.category is None or tree()[form.category].children:
        question = form.request_type == RequestType.CONSULTATION
        forms.classify(form, await understand(form.description), question=question)
    await asking.proceed(talk)
    return True


async def repair(talk: Talk) -> None:
    """Let an answer that is taken back in the same breath be what holds of it: 早上，不对，中午开始."""
    form, said = talk.state.form, corrections.repaired(talk.text)
    if form is None or said is None or talk.state.expects not in form.wanted:
        return
    wrong, right = said
    if sentences.same_element(await understand(wrong), await understand(right)):
        talk.replace(right)


async def agree(talk: Talk) -> bool:
    """Take a yes to the summary that asks for name and number: 登记吧 is no small talk there."""
    form = talk.state.form
    if form is None or talk.state.expects != joint.CONTACT or not read_back.only_agrees(talk, form):
        return False
    return await _at_read_back(talk, form)


async def _at_read_back(talk: Talk, form: Form) -> bool:
    left = read_back.take(talk, form)
    if left is None:
        return True
    if left:
        talk.replace(left)
        await _fill(talk, form, await talk.understood())
    await proceed(talk)
    return True


async def _fill(talk: Talk, form: Form, understood: Understanding) -> None:
    """Put the sentence where it belongs: an answer to the open question, to another one, or more of the account."""
    expects, text = talk.state.expects, talk.text
    if people.of_another(text):
        forms.add(form, text)
        return asking.resumed(talk)
    name = form.name
    wish = joint.wishes(talk.plain)
    passes = phrases.says("skip", talk.plain) and not wish and expects not in {"", "what"}
    asked = expects in form.wanted and not (passes or phrases.angry(talk.plain))
    unknown = {editing.own(form, each) for each in corrections.forgotten(talk.plain)}.intersection(form.wanted)
    if unknown:
        form.settled += sorted(unknown)
        return
    answered = asked and await joint.answer(form, expects, text, understood)
    hurries = phrases.says("upset", talk.plain)  # 能不能今天就来修 tells no time
    filled = [] if hurries else sentences.absorb(form, understood, text)
    if not answered and not filled and expects != "hours" and within.put(form, text):
        return asking.resumed(talk)  # 5号楼, said after the estate
    if expects == "what" and filled and not answered:
        return asking.resumed(talk)  # told before the matter
    if answered or filled or form.name != name:
        if sentences.tells_more(form, text, understood) and not (answered and expects == "what"):
            forms.add(form, text)
    elif passes:
        form.settled += [each for each in (expects, form.beside) if each]
    elif expects == joint.CONTACT and people.broken_number(talk.plain):
        talk.say("form.broken_number", why={"rule": "broken_number"})
    elif phrases.angry(talk.plain):
        talk.say("small.upset", why={"rule": "upset"})
        if phrases.says("impatient", talk.plain) and "你们" not in talk.plain:
            forms.add(form, text)  # 等了四十分钟: of the matter too
        if not form.asked.get("upset"):  # who shouts for the second time is asked in other words
            asking.resumed(talk)
        form.asked["upset"] = form.asked.get("upset", 0) + 1
    elif phrases.says("question", talk.plain) and _asks_us(understood) and len(text) <= LONGEST_WORRY:
        talk.say("form.asked_later", why={"rule": "form_question"})  # no part of the matter, and no answer either
        asking.resumed(talk)
    elif phrases.yes_or_no(talk.plain) is None and (len(text) >= forms.LEAST_TOLD or understood.category is not None):
        forms.add(form, text)


def _asks_us(understood: Understanding) -> bool:
    """Say whether a question in the middle of a form asks for information, and tells nothing of the matter."""
    return understood.category is None or understood.request_type is RequestType.CONSULTATION


async def reassure(talk: Talk) -> bool:
    """Tell those who fear for themselves that they stay unknown, and keep it so; answer what is asked of the form."""
    form = talk.state.form
    if form is None or len(talk.plain) > LONGEST_WORRY:
        return False
    if phrases.says("fear", talk.plain):
        form.confidential = True
        talk.say("form.reassured", why={"rule": "fear"})
    elif phrases.says("secrecy", talk.plain):
        talk.say("form.secrecy", why={"rule": "secrecy"})
    elif phrases.says("how_much", talk.plain) and talk.state.article:
        return False  # of what was answered in between
    elif asked := next((each for each in ABOUT_THE_FORM if phrases.says(each, talk.plain)), ""):
        talk.say(f"form.{asked}", why={"rule": "form_question"})
        await asking.resume(talk)
        return True
    else:
        return False
    await asking.proceed(talk)
    return True


def answers_question(talk: Talk, understood: Understanding) -> bool:
    """Say whether the turn names what the open question of the form asks for."""
    beside = talk.state.form.beside if talk.state.form else ""
    return not {talk.state.expects, beside}.isdisjoint(sentences.named_elements(understood)) or bool(talk.chosen())


async def _district(talk: Talk, form: Form) -> bool:
    chosen = talk.chosen()
    if chosen == "unknown_district" or (
        chosen is None and phrases.says("skip", talk.plain) and not joint.wishes(talk.plain)
    ):
        form.settled.append("district")
    elif chosen is not None:
        form.place.district = chosen
    else:
        named = (await talk.understood()).entities.addresses
        if not named or named[0].district is None:
            return False
        form.place.district, form.place.street = named[0].district, named[0].street or form.place.street
    await asking.proceed(talk)
    return True


def _confidential(talk: Talk, form: Form) -> bool:
    chosen, plain = talk.chosen(), talk.plain
    if phrases.says("not_confidential", plain) or chosen == "open" or phrases.says("no", plain):
        form.confidential = False  # first: 保密 stands in 不要保密 too
    elif phrases.says("button", plain) or phrases.says("question", plain):
        return False  # 确认 says neither
    elif chosen == "secret" or phrases.says("yes", plain):
        form.confidential = True
    else:
        return False
    return True


def declines(talk: Talk) -> bool:
    """Say whether the turn leaves open what is asked or offered: a contact, a photo, secrecy."""
    form = talk.state.form
    assert form is not None
    offered = form.photo_open or form.secrecy_open
    return (talk.state.expects in DECLINABLE or offered) and phrases.says("skip", talk.plain)


async def _at_confirmation(talk: Talk, form: Form) -> bool:
    chosen, photo_open, secrecy_open = talk.chosen(), form.photo_open, form.secrecy_open
    form.photo_open = form.secrecy_open = False
    nothing = phrases.says("nothing", talk.plain)
    if phrases.says("no_photo", talk.plain) or (photo_open and nothing):
        asking.confirm_alone(talk, "no_photo")
        return True
    wished = _of_secrecy(form, talk.plain)
    if wished is None and chosen == "confirm_secret":
        wished = form.confidential = True
    elif wished is None and secrecy_open and nothing:
        wished = form.confidential = False
    said = chosen in {"confirm", "confirm_secret"} or any(
        phrases.says("yes", each) for each in joint.clauses(talk.plain)
    )
    if wished is not None and not said:
        asking.confirm_alone(talk, "secret" if wished else "not_secret")
        return True
    if wished is not None or chosen == "confirm" or (chosen is None and phrases.says("yes", talk.plain)):
        await _open(talk)
        return True
    if chosen == "cancel_form":
        cancel(talk)
        return True
    if await editing.correct(talk, form):
        return True
    if chosen == "change" or phrases.says("no", talk.plain) or phrases.says("change", talk.plain):
        editing.ask_what(talk, form)
        return True
    understood = await talk.understood()
    if phrases.says("anonymous", talk.plain) and form.phone:
        forms.forget_contact(form)
    elif understood.entities.phones and understood.category is None:
        sentences.absorb(form, understood, talk.text, replace=True)  # 我儿子的行不行，他的电话是…
    elif within.put(form, talk.text):
        pass
    elif sentences.tells_more(form, talk.text, understood):
        sentences.absorb(form, understood, talk.text)
        forms.add(form, talk.text)
        talk.say("form.added", why={"rule": "added"})
    elif sentences.absorb(form, understood, talk.text, replace=True):
        pass
    elif phrases.says("question", talk.plain):
        talk.say("form.asked_later", why={"rule": "form_question"})
        await asking.resume(talk)
        return True
    else:
        form.asked["unclear"] = form.asked.get("unclear", 0) + 1
        if form.asked["unclear"] > 1:
            asking.confirm_briefly(talk)
            return True
    await asking.proceed(talk)
    return True


def _of_secrecy(form: Form, plain: str) -> bool | None:
    """Take up whether to stay unknown, where a text says that, perhaps with a yes, and nothing else: 保密，可以."""
    said = joint.clauses(plain)
    if not any(phrases.says("confidential", each) or phrases.says("not_confidential", each) for each in said):
        return None
    meant = ("confidential", "not_confidential", "yes")
    if not all(len(each) <= forms.LONGEST_WISH and any(phrases.says(one, each) for one in meant) for each in said):
        return None
    form.confidential = not any(phrases.says("not_confidential", each) for each in said)
    return form.confidential


async def proceed(talk: Talk) -> None:
    """Open the ticket where the citizen has said yes to all that the form holds; else ask what comes next."""
    form = talk.state.form
    assert form is not None
    if not read_back.agreed(form):
        return await asking.proceed(talk)
    if talk.opening:
        talk.say_text(talk.opening.strip(), why={"rule": "secrecy"})
        talk.opening = ""
    await _open(talk)


async def _open(talk: Talk) -> None:
    if talk.driven:
        talk.then = Then.OPEN
    else:
        await finish(talk)


async def finish(talk: Talk) -> None:
    """Open the ticket of the confirmed form, and come to what waited meanwhile."""
    await opening.open_ticket(talk)
    await several.go_on(talk)


def cancel(talk: Talk) -> None:
    """Drop the form at the citizen's wish."""
    talk.state.form = None
    talk.state.summary = ""
    talk.state.expect("")
    talk.say("form.cancelled", why={"rule": "cancelled"})

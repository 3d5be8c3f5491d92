"""The answer to the summary that asks for name and number: who gives or refuses them says that it is right."""

from bot.engine import asking, editing, joint, people, phrases
from bot.engine import form as forms
from bot.engine.joint import CONTACT
from bot.engine.state import Form
from bot.engine.talk import Talk
from core.text.normalise import normalise


def only_agrees(talk: Talk, form: Form) -> bool:
    """Say whether a turn only says yes to that summary, or chooses what is offered with it."""
    if not form.read or not talk.text:
        return False
    return talk.chosen() is not None or not joint.without_yes(talk.text)


def take(talk: Talk, form: Form) -> str | None:
    """Take name, number, yes, no and secrecy; return what else is told, or None where something was asked."""
    photo_open, form.photo_open = form.photo_open, False
    if phrases.says("no_photo", talk.plain) or (photo_open and phrases.says("nothing", talk.plain)):
        talk.opening = talk.word("form.no_photo")
        return ""
    if talk.chosen() == "change" or (phrases.yes_or_no(talk.plain) == "no" and not phrases.says("skip", talk.plain)):
        editing.ask_what(talk, form)
        return None
    label = normalise(talk.word("option.unnamed"))  # also where it was offered a question before
    if talk.plain == label or talk.chosen() == "unnamed" or phrases.says("refuses", talk.plain):
        form.settled.append(CONTACT)
        form.agreed = form.read
        return ""
    told = joint.without_yes(talk.text)
    number, name, rest = joint.contact_of(joint.split(told))
    named = next((piece for piece in rest if not number and joint.is_name(piece)), "")
    form.phone, form.name = number or form.phone, name or people.name_answered(named, ()) or form.name
    left = "，".join(piece for piece in rest if piece != named and not _wishes(talk, form, piece))
    agrees = told != talk.text or bool(number) or CONTACT in form.settled
    if agrees:
        form.agreed = form.read
    if phrases.says("skip", normalise(left)):  # 不用了 may be meant for the whole: asked on its own
        form.settled.append(CONTACT)
        return ""
    if not number and people.broken_number(left):
        form.name = people.name_answered(left, ()) or form.name
        talk.say("form.broken_number", why={"rule": "broken_number"})
        return ""
    return "" if agrees and (len(left) < forms.LEAST_TOLD or phrases.says("thanks", normalise(left))) else left


def _wishes(talk: Talk, form: Form, piece: str) -> bool:
    """Take up a piece that says how the citizen wants to be known."""
    plain = normalise(piece)
    if len(plain) > forms.LONGEST_WISH or not joint.wishes(plain):
        return False
    if phrases.says("anonymous", plain):
        form.settled.append(CONTACT)
    elif phrases.says("confidential", plain) or phrases.says("not_confidential", plain):
        form.confidential = not phrases.says("not_confidential", plain)
        talk.opening = talk.word("form.secret" if form.confidential else "form.not_secret")
    return True


def agreed(form: Form) -> bool:
    """Say whether the citizen has said yes to all that a complete form holds."""
    return bool(form.agreed) and form.agreed == asking.content(form) and forms.missing(form) is None

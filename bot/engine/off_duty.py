"""Nobody is there: when somebody is again, and what need not wait until then."""

from bot import conversations, duty, queue
from bot.contract import ReplyType
from bot.engine import asking, phrases
from bot.engine.talk import Talk
from bot.places import Place
from bot.receipts import moment_words
from core.privacy import PHONE

EXPECTS = "off_duty"  # the open question what to do meanwhile
NUMBER = "callback_number"  # the open question whom to call back
ASKED_AGAIN = "asked"  # in the place of the number: the next answer without one is the last
LONGEST_NO_NUMBER = 12  # characters; who says more tells of something


def nobody(talk: Talk, found: Place, why: dict[str, object]) -> None:
    """Say when somebody is there again, and offer what need not wait; an open form simply goes on."""
    again = duty.open_again_at()
    key = "handoff.closed" if again else "handoff.waiting.nobody"
    said = talk.word(key, moment=moment_words(again, talk.state.locale) if again else "")
    data: dict[str, object] = {"position": found.position, "minutes": None}
    if talk.state.form is None:
        said += talk.word("handoff.meanwhile")
        talk.state.expect(EXPECTS, talk.options("callback", "ticket", "wait"))
        data["options"] = [{"value": each.label, "label": each.label} for each in talk.state.options]
    talk.say_text(said, type=ReplyType.HANDOFF, data=data, why={"message": key} | why)


async def chosen(talk: Talk) -> bool:
    """Take what the citizen chose; whatever else they say is a turn like any other."""
    picked = talk.chosen()
    talk.state.expect("")
    if picked == "callback":
        await _call_back(talk, await _callers_number(talk))
    elif picked == "ticket":
        talk.say("small.tell", why={"rule": "ticket_while_waiting"})
    elif picked == "wait":
        talk.say("handoff.kept", why={"rule": "waits_on"})
    return picked is not None


async def wished(talk: Talk) -> bool:
    """Let somebody who waits be called back instead, at any moment, and go on with an open form where it was."""
    if not phrases.says("call_back", talk.plain) or not await queue.position(talk.session, talk.turn.conversation):
        return False
    form = talk.state.form
    told = (await talk.understood()).entities.phones
    number = told[0] if told else (form.phone if form else "") or await _callers_number(talk)
    if form is not None and not number:
        return False  # the form asks for a number by itself
    if form is not None:
        form.phone = form.phone or number
    await _call_back(talk, number)
    await asking.resume(talk)
    return True


async def number_told(talk: Talk) -> bool:
    """Take the number to call back; asked for twice, then the wish simply stays in the queue."""
    understood = await talk.understood()
    asked_again = talk.state.callback == ASKED_AGAIN
    if understood.entities.phones:
        await _call_back(talk, understood.entities.phones[0])
    elif understood.category is not None or len(talk.plain) > LONGEST_NO_NUMBER:
        talk.state.expect("")
        return False
    elif asked_again or phrases.says("skip", talk.plain):
        talk.state.expect("")
        talk.state.callback = ""
        talk.say("handoff.kept", why={"rule": "waits_on"})
    else:
        talk.state.callback = ASKED_AGAIN
        talk.say("handoff.callback.again", why={"rule": "callback", "asked": 2})
    return True


async def _call_back(talk: Talk, number: str) -> None:
    if not number:
        talk.state.expect(NUMBER)
        talk.say("handoff.callback.number", why={"rule": "callback", "asked": 1})
        return
    talk.state.expect("")
    talk.state.callback = number
    await queue.request(talk.session, talk.turn.conversation, queue.CALLBACK)
    again, present = duty.open_again_at(), await duty.present(talk.session)
    key = "handoff.callback." + ("turn" if present else "then" if again else "soon")
    moment = moment_words(again, talk.state.locale) if again else ""
    talk.say(key, why={"rule": "callback"}, number=number, moment=moment)


async def _callers_number(talk: Talk) -> str:
    """Return the number that the citizen calls from, where the door knows it."""
    peer = (await conversations.get(talk.session, talk.turn.conversation)).peer or ""
    return peer if talk.turn.channel == "voice" and PHONE.fullmatch(peer) else ""

"""Commands on a ticket that exists: status, urge, supplement, withdraw, rate, dispute; by its number and code."""

import re

from bot.engine import asking, phrases, survey
from bot.engine.state import Command, KnownTicket, Option
from bot.engine.talk import Talk
from bot.engine.ticket_actions import HANDLERS, moment
from bot.engine.ticket_phrases import command_in, misread_number, number_and_code
from core.errors import NotFound, TooMany, YitongError
from routing import guesses, tickets


async def command(talk: Talk) -> bool:
    """Carry out a command on a ticket, or ask for what it lacks."""
    name = command_in(talk)
    if name is None:
        return False
    await begin(talk, name)
    return True


async def begin(talk: Talk, name: str) -> None:
    """Carry out the named command on the ticket that the turn names, or ask for what it lacks."""
    number, code = number_and_code(talk.plain)
    wanted = Command(name=name, number=number, code=code)
    wanted.asked = int(misread_number(talk.plain))  # it was told, and not rightly
    if name == "supplement":
        wanted.text = re.sub(r"^.{0,12}?补充(?:一下|一点|说明|材料|内容)?[:：，,\s]*", "", talk.text, count=1)
    if name == "dispute" and not number and not code:
        wanted.text = talk.text
    if name == "rate":
        survey.take(wanted, talk.plain)
    talk.state.command = wanted
    await advance(talk)


async def impatient(talk: Talk) -> bool:
    """Meet an angry word about a ticket with where it stands, and the offer to urge or of a person."""
    state = talk.state
    if not state.tickets or state.form is not None or not phrases.angry(talk.plain):
        return False
    understood = await talk.understood()
    if understood.category is not None or understood.entities.addresses:
        return False  # it names a matter of its own
    known = state.tickets[-1]
    talk.say("command.sorry", why={"rule": "impatient"})
    state.command = Command(name="status", number=known.number, code=known.code)
    await advance(talk)
    if not state.expects:
        await _offer_more(talk, known)
    return True


async def _offer_more(talk: Talk, known: KnownTicket) -> None:
    """Offer an impatient citizen to urge, where that will be taken, and a person."""
    status = await tickets.public_status(talk.session, known.number, known.code)
    if "urge" in status["may"]:
        talk.state.command = Command(name="urge", number=known.number, code=known.code)
        return talk.offer("command.what_now", expects="command_urge", options=talk.options("urge", "person"))
    options = talk.options("person", "cancel")
    if again := status["urge_again_at"]:
        return talk.offer("command.urge.again.person", expects="offer", options=options, moment=moment(talk, again))
    talk.offer("command.person", expects="offer", options=options)


async def go_on(talk: Talk) -> bool:
    """Take the answer to a question that a command asked; another sentence is a new turn."""
    state, command = talk.state, talk.state.command
    if command is None:
        state.expect("")
        return False
    chosen, expects = talk.chosen(), state.expects
    if chosen is None:
        chosen = phrases.yes_or_no(talk.plain)
    match expects:
        case "command_ticket":
            return await _identified(talk, command, chosen)
        case "command_text":
            command.text = talk.text
        case "repeat" if chosen in HANDLERS:
            command.name = str(chosen)
        case "command_urge" if chosen in {"urge", "yes"}:
            pass
        case "command_photo" | "command_sure" | "command_urge" if chosen == "no":
            return _drop(talk)
        case "command_photo" | "command_sure" if chosen == "yes":
            command.solved = True
        case "command_satisfied" if chosen and chosen.startswith("satisfied_"):
            command.satisfied = int(chosen.removeprefix("satisfied_"))
        case "command_contacted" | "command_solved" | "command_satisfied" if survey.take(command, talk.plain):
            pass
        case "command_contacted" if chosen in {"yes", "no"}:
            command.contacted = chosen == "yes"
        case "command_solved" if chosen in {"yes", "no"}:
            command.solved = chosen == "yes"
        case _:
            state.command = None
            state.expect("")
            return False
    await advance(talk)
    return True


async def _identified(talk: Talk, command: Command, chosen: str | None) -> bool:
    known = next((ticket for ticket in talk.state.tickets if ticket.number == chosen), None)
    number, code = (known.number, known.code) if known else number_and_code(talk.plain, asked=True)
    if not number and not code:
        if command.asked < asking.MOST_ASKED and re.search(r"\d{4,}", talk.plain):
            await advance(talk)
            return True
        talk.state.command = None
        talk.state.expect("")
        if phrases.says("skip", talk.plain):
            talk.offer("command.no_number", expects="offer", options=talk.options("person", "cancel"))
            return True
        return False
    command.number, command.code = number or command.number, code or command.code
    await advance(talk)
    return True


async def advance(talk: Talk) -> None:
    """Find the ticket, ask for what the command lacks, or carry it out."""
    state, command = talk.state, talk.state.command
    assert command is not None
    if not command.code:
        known = [ticket for ticket in state.tickets if command.number in {"", ticket.number}]
        if len(known) == 1:
            command.number, command.code = known[0].number, known[0].code
        else:
            return _ask_ticket(talk, command, known)
    if not command.number:
        return _ask_ticket(talk, command, [])
    caller = talk.turn.caller or talk.turn.conversation
    try:
        guesses.admit(caller, command.number)
        status = await tickets.public_status(talk.session, command.number, command.code)
        await HANDLERS[command.name](talk, command, status)
    except TooMany:
        state.command = None
        return talk.offer("command.locked", expects="offer", options=talk.options("person", "cancel"))
    except NotFound as refusal:
        guesses.count(caller, command.number)
        command.number = command.code = ""
        state.expect("command_ticket")
        talk.say_text(_sentence(talk, refusal), why={"rule": "wrong_code"})
    except YitongError as refusal:
        talk.say_text(_sentence(talk, refusal), why={"rule": "refused"})
        state.command = None
        state.expect("")
    if state.command is None and not state.expects:
        await asking.resume(talk)


def _ask_ticket(talk: Talk, command: Command, known: list[KnownTicket]) -> None:
    command.asked += 1
    why = {"rule": "which_ticket", "command": command.name}
    if known:
        options = [Option(ticket.number, f"{ticket.title} {ticket.number}") for ticket in known]
        return talk.offer("command.which", expects="command_ticket", options=options, why=why)
    key = "command.code" if command.number else "command.only_code" if command.code else "command.number"
    talk.state.expect("command_ticket")
    talk.say(key if command.asked == 1 or command.number else "command.number.again", why=why)


def _sentence(talk: Talk, refusal: YitongError) -> str:
    return refusal.sentence if talk.state.locale == "zh_CN" else talk.word("command.refused")


def _drop(talk: Talk) -> bool:
    talk.state.command = None
    talk.state.photos = []
    talk.state.expect("")
    talk.say("command.dropped", why={"rule": "declined"})
    return True

"""What each command does once its ticket is known: urge, supplement, withdraw, rate, dispute."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from bot.engine import corrections, people
from bot.engine.state import Command
from bot.engine.talk import Talk
from bot.engine.ticket_status import say_status
from routing import commands
from routing.notices import moment_words, vote_words


def _done(talk: Talk, command: Command, **values: Any) -> None:
    talk.state.command = None
    talk.state.expect("")
    talk.say(f"command.{command.name}.done", why={"rule": "command", "command": command.name}, **values)


def moment(talk: Talk, written: str) -> str:
    """Return a moment of the public status as the citizen reads it."""
    return moment_words(datetime.fromisoformat(written), talk.state.locale)


async def _urge(talk: Talk, command: Command, status: dict[str, Any]) -> None:
    if again := status["urge_again_at"]:
        talk.state.command = None
        talk.state.expect("")
        return talk.say("command.urge.again", why={"rule": "refused"}, moment=moment(talk, again))
    await commands.urge(talk.session, command.number, command.code, text=command.text)
    _done(talk, command, number=command.number)


async def _supplement(talk: Talk, command: Command, status: dict[str, Any]) -> None:
    if not command.text and not talk.state.photos and not talk.turn.media:
        talk.state.expect("command_text")
        what = "number" if command.calls else "what"
        return talk.say(f"command.supplement.{what}", why={"rule": "command_text"})
    media = tuple(talk.state.photos) + tuple(talk.turn.media)
    talk.state.photos = []
    phone = number_put_right(command.text) if command.calls else ""
    await commands.supplement(
        talk.session, command.number, command.code, text=command.text, attachments=media, phone=phone
    )
    if phone and talk.state.citizen is not None:
        talk.state.citizen.phone, talk.state.citizen.unnamed = phone, False
    _done(talk, command, number=command.number)


def number_put_right(text: str) -> str:
    """Return the number to call that a text puts right: not the wrong one of 不是138…，是139…."""
    rights = (people.number_in(each.right) for each in corrections.read(text)[0])
    return next(filter(None, rights), people.number_in(text))


async def _withdraw(talk: Talk, command: Command, status: dict[str, Any]) -> None:
    if command.solved is None:
        options = talk.options("yes", "no")
        return talk.offer("command.withdraw.sure", expects="command_sure", options=options, number=command.number)
    await commands.withdraw(talk.session, command.number, command.code)
    _done(talk, command, number=command.number)


async def _rate(talk: Talk, command: Command, status: dict[str, Any]) -> None:
    if "rate" not in status["may"]:
        if status["state"] in {"closed", "withdrawn"}:
            return await say_status(talk, command, status)
        talk.state.command = None
        talk.state.expect("")
        return talk.say("command.rate.not_yet", why={"rule": "not_replied"})
    if command.contacted is None and status["department"]:  # else the centre answered: nobody was to get in touch
        return talk.offer("command.rate.contacted", expects="command_contacted", options=talk.options("yes", "no"))
    if command.solved is None:
        return talk.offer("command.rate.solved", expects="command_solved", options=talk.options("yes", "no"))
    if command.satisfied is None:
        options = talk.options(*(f"satisfied_{mark}" for mark in range(1, 6)))  # its place in the list is the mark
        return talk.offer("command.rate.satisfied", expects="command_satisfied", options=options)
    ticket = await commands.rate(
        talk.session,
        command.number,
        command.code,
        contacted=command.contacted is not False,
        solved=command.solved,
        satisfied=command.satisfied,
    )
    talk.state.command = None
    talk.state.expect("")
    talk.say_text(await vote_words(talk.session, ticket, talk.state.locale), why={"rule": "command", "command": "rate"})


async def _dispute(talk: Talk, command: Command, status: dict[str, Any]) -> None:
    """Take "not solved": as a vote where the three questions are open, of a closed ticket to the centre."""
    if "rate" in status["may"]:
        command.name, command.solved, command.text = "rate", False, ""
        return await _rate(talk, command, status)
    if status["state"] != "closed":
        return await say_status(talk, command, status)
    if "dispute" in status["may"] and command.solved is None:
        options = talk.options("yes", "no")
        return talk.offer("command.dispute.sure", expects="command_sure", options=options, number=command.number)
    await commands.dispute(talk.session, command.number, command.code, text=command.text)
    _done(talk, command, number=command.number)


HANDLERS: dict[str, Callable[[Talk, Command, dict[str, Any]], Awaitable[None]]] = {
    "status": say_status,
    "urge": _urge,
    "supplement": _supplement,
    "withdraw": _withdraw,
    "rate": _rate,
    "dispute": _dispute,
}

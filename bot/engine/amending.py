"""What is put right of the ticket just opened, above all the number that its receipt reads back."""

from bot.engine import corrections, people, phrases
from bot.engine.state import Command
from bot.engine.talk import Talk
from bot.engine.ticket_actions import number_put_right
from bot.engine.ticket_commands import advance
from routing import commands, tickets


async def amend(talk: Talk) -> bool:
    """Add to the ticket just opened what the citizen puts right of it: 电话写错了，是…"""
    state = talk.state
    found = corrections.read(talk.text)[0] if state.tickets and state.form is None else []
    calls = any(each.element == "phone" or (not each.element and people.number_in(each.right)) for each in found)
    calls = calls or (state.form is None and talk.number_open and await _puts_number_right(talk))
    if not calls and not any(each.element for each in found):
        return False
    known = state.tickets[-1]
    told = talk.text if all(each.right for each in found) and (not calls or number_put_right(talk.text)) else ""
    state.command = Command(name="supplement", number=known.number, code=known.code, text=told, calls=calls)
    await advance(talk)
    return True


async def _puts_number_right(talk: Talk) -> bool:
    """Say whether a turn right after the receipt only gives a number, or says that the one read back is wrong."""
    if people.number_in(talk.plain):
        return (await talk.understood()).category is None
    return bool(talk.state.citizen and talk.state.citizen.phone) and phrases.says("no", talk.plain)


async def reach_at(talk: Talk, phone: str, *, instead_of: str) -> None:
    """Let the number put right in a form hold for the ticket before, where that has the wrong one too."""
    state = talk.state
    if state.citizen is None or not state.tickets or not instead_of or state.citizen.phone != instead_of:
        return
    known, state.citizen.phone = state.tickets[-1], phone
    if "supplement" in (await tickets.public_status(talk.session, known.number, known.code))["may"]:
        await commands.supplement(talk.session, known.number, known.code, text=talk.text, phone=phone)

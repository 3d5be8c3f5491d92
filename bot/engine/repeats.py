"""What may belong to a ticket that this conversation has: the same account, the same subject, a photo without words."""

from bot.engine.state import Command
from bot.engine.talk import Talk, digest


async def known_matter(talk: Talk) -> bool:
    """Meet the very account of a ticket that stands open with an offer to urge or add, not with a second ticket."""
    mark = digest(talk.text)
    known = next((ticket for ticket in talk.state.tickets if ticket.matter and ticket.matter == mark), None)
    if known is None or talk.state.form is not None:
        return False
    talk.state.command = Command(name="", number=known.number, code=known.code)
    options = talk.options("status", "urge", "supplement")
    talk.offer("repeat.ticket", expects="repeat", options=options, why={"rule": "repeated"}, number=known.number)
    return True


async def same_matter(talk: Talk) -> bool:
    """Ask about a matter of the same category as a ticket opened here, told without another place: is it the same?"""
    understood = await talk.understood()
    code = understood.category.code if understood.category else None
    known = next((ticket for ticket in talk.state.tickets if ticket.category and ticket.category == code), None)
    if known is None or understood.entities.addresses or talk.turn.media:
        return False
    talk.state.command = Command(name="", number=known.number, code=known.code, text=talk.text)
    options = talk.options("urge", "supplement", "another")
    why = {"rule": "same_category", "category": code}
    talk.offer("repeat.same", expects="repeat", options=options, why=why, title=known.title, number=known.number)
    return True


async def offer_photo(talk: Talk) -> bool:
    """Offer to add a photo that came without words to the last ticket."""
    known = talk.state.tickets[-1]
    talk.state.photos = list(talk.turn.media)
    talk.state.command = Command(name="supplement", number=known.number, code=known.code)
    options = talk.options("yes", "no")
    talk.offer("photo.add", expects="command_photo", options=options, why={"rule": "photo"}, number=known.number)
    return True

"""From a confirmed form to a ticket: number, code, and the time by which it will be done."""

from bot.engine import asking
from bot.engine import form as forms
from bot.engine.state import Citizen, Form, KnownTicket
from bot.engine.talk import Talk
from bot.receipts import receipt
from core.auth import Actor
from routing import tickets

CITIZEN = Actor(kind="citizen")


async def open_ticket(talk: Talk) -> None:
    """Open the ticket of the confirmed form and tell the citizen its number, code and time."""
    form = talk.state.form
    assert form is not None
    opened = await tickets.open(talk.session, _draft(talk, form), actor=CITIZEN, join=form.join or None)
    number = opened.ticket.number
    talk.state.citizen = Citizen(form.name, form.phone, unnamed=not form.phone)
    talk.state.place = form.place
    talk.state.form = None
    talk.state.expect("")
    talk.state.tickets.append(
        KnownTicket(
            number=number,
            code=opened.code,
            title=opened.ticket.title,
            category=form.category or "",
            matter=form.matter,
        )
    )
    talk.replies.append(receipt(opened, talk.state.locale, why={"rule": "confirmed", "category": form.category}))
    if form.join:
        talk.say("join.done" if opened.joined else "join.finished", why={"rule": "joined", "number": form.join})
    talk.state.number_open = True
    if form.phone and form.agreed:  # the number was not read back before
        talk.say("ticket.contact", why={"rule": "contact"}, phone=form.phone)
    if not form.phone:
        talk.say("ticket.no_contact", why={"rule": "no_contact"})


def _draft(talk: Talk, form: Form) -> tickets.Draft:
    place = form.place
    return tickets.Draft(
        request_type=form.request_type,
        category=form.category,
        urgency=form.urgency,
        title=forms.title(form),
        description=form.description,
        channel=talk.turn.channel,
        address=asking.place_words(form) or None,
        district=place.district,
        street=place.street,
        happened=form.happened or None,
        citizen_name=form.name or None,
        citizen_phone=form.phone or None,
        confidential=bool(form.confidential),
        conversation=talk.turn.conversation,
        attachments=tuple(form.media),
        elements=dict(form.elements),
    )

"""From a report to a ticket, and to what the app shows its citizen: number, code, time, and what comes before them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import Reply, ReplyType, conversations
from bot.receipts import moment_words, track_url
from channels.open311.report import Report
from channels.open311.searching import CHANNEL
from channels.open311.wording import say
from core import clock
from core.auth import Actor
from core.privacy import blind_index
from core.settings import settings
from core.text.normalise import normalise
from intents import (
    Address,
    RequestType,
    Understanding,
    Urgency,
    emergency,
    languages,
    places,
    statutory_routes,
    understand,
)
from routing import tickets
from routing.hiding import is_secret, wishes_secrecy
from routing.tickets import Draft, Opened

REPEATED_WITHIN = timedelta(minutes=10)  # the same form again is a second tap or an app that got no answer
CITIZEN = Actor(kind="citizen")
LONGEST_PLACE = 30  # characters of a title

_PRESSING = (Urgency.GENERAL, Urgency.URGENT, Urgency.CRITICAL)


async def file(session: AsyncSession, fields: Mapping[str, str], report: Report) -> tuple[str, str]:
    """Return number and notice of the ticket of a report; the same ones when the same form came just before.

    `fields`: the form as it was posted, with its key. Passes on BadInput.
    """
    # The receipt lies in a conversation of the form's own, whose row is the lock: it holds the code, and is sealed.
    posted = json.dumps(sorted(fields.items()), ensure_ascii=False)
    thread = (await conversations.by_peer(session, channel=CHANNEL, peer=blind_index(posted).hex())).id
    await conversations.get(session, thread, lock=True)
    receipts = await conversations.messages(session, thread)
    if receipts and receipts[-1].at > clock.now() - REPEATED_WITHIN:
        return receipts[-1].data["number"], receipts[-1].text
    understood = await asyncio.to_thread(understand, report.description)
    opened = await tickets.open(session, _draft(report, understood), actor=CITIZEN)
    notice = _notice(opened, understood)
    receipt = Reply(ReplyType.TICKET, notice, {"number": opened.ticket.number})
    await conversations.store(session, thread, sender="bot", replies=[receipt])
    return opened.ticket.number, notice


def _draft(report: Report, understood: Understanding) -> Draft:
    place = _place(report, understood)
    where = report.address or (place.text if place else "")
    request_type = report.service.request_type
    if understood.request_type == RequestType.TIP_OFF:
        request_type = RequestType.TIP_OFF  # whoever says 举报 is protected, whatever the app calls it
    return Draft(
        request_type=request_type,
        category=report.service.code,
        urgency=_urgency(report, understood),
        title=f"{where[:LONGEST_PLACE]} {report.service.name}".strip(),
        description=report.description,
        channel=CHANNEL,
        address=where or None,
        district=place.district if place else None,
        street=place.street if place else None,
        latitude=report.latitude,
        longitude=report.longitude,
        happened=moment_words(report.happened, settings().locale) if report.happened else None,
        citizen_name=report.name or None,
        citizen_phone=report.phone or None,
        confidential=wishes_secrecy(report.description),
        elements=dict(report.elements),
    )


def _place(report: Report, understood: Understanding) -> Address | None:
    """Return the place out of the address; the description says which of several it is, or where without an address.

    Coordinates are kept beside it and say nothing of districts: the gazetteer holds names only.
    """
    written = places.resolve(report.address)
    told = [each for each in understood.entities.addresses if each.district]
    if not written:
        return told[0] if told and not report.address else None
    place = next((each for each in written if each.district), written[0])
    return next(
        (
            replace(place, district=each.district, street=each.street)
            for each in told
            if each.district in place.candidates
        ),
        place,
    )


def _urgency(report: Report, understood: Understanding) -> Urgency:
    if understood.emergency:
        return Urgency.CRITICAL
    return max(report.service.urgency, understood.urgency, key=_PRESSING.index)


def _notice(opened: Opened, understood: Understanding) -> str:
    """Return what the citizen must know, the most pressing first, in the language that they wrote."""
    language = "en" if languages.is_latin(normalise(understood.text)) else settings().locale
    said = [_before(understood, language), _receipt(opened, language)]
    ticket = opened.ticket
    if is_secret(request_type=ticket.request_type, confidential=ticket.confidential):
        said.append(say("notice.secret", language))
    return "\n".join(filter(None, said))


def _before(understood: Understanding, language: str) -> str:
    danger, route = understood.emergency, statutory_routes.routes().get(understood.statutory or "")
    if danger is not None:
        call = say("notice.call", language, number=danger.number)
        instruction = emergency.instruction_for(danger, english=language == "en")
        return instruction or f"{call}\n{emergency.instruction_for(danger)}"
    return route.explanation if route else ""


def _receipt(opened: Opened, language: str) -> str:
    number, due = opened.ticket.number, opened.due_at
    words = say("notice.opened", language, number=number, code=opened.code)
    if due is not None:
        words += say("notice.due", language, due=moment_words(due, language))
    return words + (say("notice.track", language, url=track_url(number)) if settings().public_url else "")

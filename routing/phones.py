"""Finding a citizen's tickets by telephone number without keeping the number in clear."""

import phonenumbers
from sqlalchemy import Select, select

from core.privacy import blind_index
from routing.models import TicketCitizen


def phone_index(phone: str) -> bytes:
    """Return the keyed digest of a number, the same however it was written (+86, spaces, hyphens)."""
    try:
        parsed = phonenumbers.parse(phone, "CN")
    except phonenumbers.NumberParseException:
        return blind_index(phone.strip())
    return blind_index(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def with_phone(phone: str) -> Select[int]:
    """Return a query of the ids of the tickets of a number."""
    return select(TicketCitizen.ticket_id).where(TicketCitizen.phone_index == phone_index(phone))

"""Who calls, and what they say: one conversation for a telephone number, whether it rings or writes."""

import phonenumbers
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from bot import conversations, converse, handover
from bot.contract import Reply, Turn
from channels.voice.account import value
from core import clock

CHANNEL = "voice"


def peer(form: FormData) -> str:
    """Return whom the conversation is with: the caller's number, or this call alone when the number is hidden."""
    number = dialled_form(value(form, "From"))
    return number or value(form, "CallSid") or value(form, "MessageSid")


def dialled_form(number: str) -> str:
    """Return a number as the city's people write it (no +86, 0 before an area code), empty for a hidden one.

    Twilio gives a hidden one as letters (`anonymous`) or a word on the keys (`+266696687`): neither is valid.
    """
    parsed = _parsed(number)
    if parsed is None:
        return ""
    if parsed.country_code == 86:
        national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        return "".join(filter(str.isdigit, national))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def e164(number: str) -> str | None:
    """Return a number as Twilio takes it (+86…), None where it is none."""
    parsed = _parsed(number)
    return None if parsed is None else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


async def conversation(session: AsyncSession, form: FormData) -> str:
    """Return the id of the caller's conversation."""
    return (await conversations.by_peer(session, channel=CHANNEL, peer=peer(form))).id


async def say(session: AsyncSession, form: FormData, text: str, *, key: str) -> list[Reply]:
    """Give the caller's conversation what they said, and return the replies."""
    turn = Turn(
        conversation=await conversation(session, form),
        channel=CHANNEL,
        text=text,
        received_at=clock.now(),
        key=key,
    )
    return await converse(session, turn)


async def say_in_call(session: AsyncSession, form: FormData, text: str, *, turn: int) -> list[Reply]:
    """Give the conversation what the caller said as the `turn`-th thing of this call, and return the replies.

    Many people call from one number (an office, a family): a call goes on with no form of another call and knows no
    ticket of it, whose code the caller must say. What an agent holds stays as it is.
    """
    call, held = value(form, "CallSid"), await conversation(session, form)
    if not await handover.held(session, held):
        await conversations.begin_anew(session, held, unless=f"{call}:")
    return await say(session, form, text, key=f"{call}:{turn}")


async def was_not_understood(session: AsyncSession, form: FormData) -> None:
    """Let who speaks dialects answer a caller first whom recognition could not hear again and again."""
    await handover.request(session, await conversation(session, form), "not_understood", skill="dialect")


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None

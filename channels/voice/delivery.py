"""Notices for citizens who telephoned, as text messages through Twilio's REST interface."""

import asyncio

import requests
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from channels import plain_text, pushing
from channels.voice import callers
from core.errors import Unavailable, Uncertain
from core.outbox import Notice
from core.settings import settings

log = structlog.get_logger()

LONGEST_TEXT = 1600  # characters of one text message; Twilio splits it into segments
SECONDS = 10.0
BAD_REQUEST = 400  # no mobile number, number blocked, country not allowed: the same the next time


async def deliver(session: AsyncSession, notice: Notice) -> None:
    """Send one notice, or the part of it that it names. Raises Unavailable when Twilio may take it later.

    Where no number for text messages is set, the caller hid theirs, or Twilio never will take it, that is recorded on
    the ledger and the notice stays readable in the conversation.
    """
    message = await pushing.message_of(session, notice)
    if message is None:
        return
    number = callers.e164(await pushing.peer_of(session, notice) or "")
    if not _can_send():
        await pushing.record_undelivered(session, notice, "not_configured")
        return
    if number is None:
        await pushing.record_undelivered(session, notice, "no_number")
        return
    parts = plain_text.pieces([plain_text.written(message)], longest=LONGEST_TEXT)
    part = pushing.part_of(notice)
    try:
        await asyncio.to_thread(_send, number, parts[part])
    except TwilioRestException as error:
        if error.status != BAD_REQUEST:
            raise Unavailable(f"短信没有发出（Twilio {error.status}），稍后重试。") from None
        log.warning("sms.refused", notice=notice.id, errcode=error.code)
        await pushing.record_undelivered(session, notice, str(error.code))
        return
    except requests.ConnectTimeout:
        raise Unavailable("短信接口暂时连接不上，稍后重试。") from None
    except requests.RequestException as error:
        if "NewConnectionError" in str(error):  # requests has one type for no connection and for a lost one
            raise Unavailable("短信接口暂时连接不上，稍后重试。") from None
        raise Uncertain("短信接口没有回答，不知道短信是否已发出。") from None
    if part + 1 < len(parts):
        await pushing.post_next_part(session, notice)


def _can_send() -> bool:
    given = settings()
    return bool(given.twilio_sms_number and given.twilio_account_sid and given.twilio_auth_token)


def _send(number: str, text: str) -> None:
    given = settings()
    assert given.twilio_auth_token is not None
    client = Client(
        given.twilio_account_sid,
        given.twilio_auth_token.get_secret_value(),
        http_client=TwilioHttpClient(timeout=SECONDS, pool_connections=False),
    )
    client.api.base_url = given.twilio_api.rstrip("/")
    client.messages.create(to=number, from_=given.twilio_sms_number, body=text)

"""`/channels/twilio/…`: what Twilio asks while a citizen is on the line, and when one writes a text message.

Nothing of a call is kept in the process: the number of the turn travels in the address that Twilio asks next (and is
signed with it), everything else is the conversation's. A webhook that comes twice is answered twice alike.
"""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Response
from starlette.datastructures import FormData

from bot import handover, telling
from bot.contract import ReplyType
from channels import plain_text
from channels.voice import callers, speech, twiml
from channels.voice.account import signed_form, value
from channels.voice.delivery import LONGEST_TEXT
from channels.voice.wording import wording
from core import database
from core.city import city
from core.settings import settings

log = structlog.get_logger()

OFFER_PERSON_AFTER = 2  # times that nothing was heard
HANG_UP_AFTER = 4
PERSON_KEY = "0"
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})

Form = Annotated[FormData, Depends(signed_form)]
TurnNumber = Annotated[int, Query(ge=1, le=10_000)]

router = APIRouter(prefix="/channels/twilio", include_in_schema=False)


def _xml(content: str) -> Response:
    return Response(content, media_type="application/xml; charset=utf-8")


@router.post("/voice")
async def call(form: Form) -> Response:
    """Speak first: greet the caller, and listen at once (GB/T 33358-2016 advises against menus)."""
    return _xml(twiml.ask([wording("greeting", hotline=speech.spelled(city().hotline))], turn=1))


@router.post("/voice/gather")
async def heard(form: Form, turn: TurnNumber, silences: Annotated[int, Query(ge=0, le=HANG_UP_AFTER)] = 0) -> Response:
    """Answer what the caller said or pressed; after silence ask again, then offer a person, then hang up."""
    keys = value(form, "Digits")
    text = wording("person") if keys == PERSON_KEY else keys or value(form, "SpeechResult")
    if not text:
        return _xml(_silence(turn, silences + 1))
    async with database.transaction() as session:
        replies = await callers.say_in_call(session, form, text, turn=turn)
        if silences >= OFFER_PERSON_AFTER and any(reply.type is ReplyType.HANDOFF for reply in replies):
            await callers.was_not_understood(session, form)
        reachable = bool(settings().twilio_agent_number) or await handover.on_duty(session)
    sentences = speech.sentences(replies)
    if not replies:  # an agent has the conversation already, so the caller belongs on the agents' telephone
        return _xml(twiml.transfer([wording("transfer")], turn=turn + 1))
    # Nobody is left in a queue that nobody answers: the reply said so, and the wish stays on the agents' screens.
    if reachable and any(reply.type is ReplyType.HANDOFF for reply in replies):
        return _xml(twiml.transfer(sentences, turn=turn + 1))
    # More than nine choices cannot be one key each.
    offered = max((len(plain_text.labels(reply)) for reply in replies), default=0)
    return _xml(twiml.ask(sentences, turn=turn + 1, one_key=0 < offered <= 9))


def _silence(turn: int, silences: int) -> str:
    if silences >= HANG_UP_AFTER:
        return twiml.goodbye([wording("silent_goodbye")])
    offer = silences >= OFFER_PERSON_AFTER
    return twiml.ask([wording("offer_person" if offer else "not_heard")], turn=turn, silences=silences, one_key=offer)


@router.post("/voice/wait")
async def wait(form: Form) -> Response:
    """Tell a caller in the queue how many are before them, and how long it will take where that is known."""
    async with database.transaction() as session:
        place = await telling.place(session, await callers.conversation(session, form))
    position = value(form, "QueuePosition")
    ahead = int(position) - 1 if position.isdecimal() else place.position - 1 if place else 0
    said = [wording("ahead", count=ahead) if ahead > 0 else wording("next")]
    if ahead > 0 and place and place.minutes:
        said.append(wording("wait_over" if place.over else "wait_about", minutes=place.minutes))
    return _xml(twiml.wait(said))


@router.post("/voice/queue")
async def left_queue(form: Form, turn: TurnNumber) -> Response:
    """Go on when the caller has left the queue: `QueueResult` says how."""
    return await _after_transfer(form, turn, answered=value(form, "QueueResult") == "bridged")


@router.post("/voice/dialled")
async def dialled(form: Form, turn: TurnNumber) -> Response:
    """Go on when the seats' number was rung: `DialCallStatus` says whether somebody answered."""
    return await _after_transfer(form, turn, answered=value(form, "DialCallStatus") in {"completed", "answered"})


async def _after_transfer(form: FormData, turn: int, *, answered: bool) -> Response:
    """Close the wish for a person when it was met; else keep it on the agents' screens and listen again."""
    async with database.transaction() as session:
        conversation = await callers.conversation(session, form)
        if answered:
            await handover.cancel(session, conversation, met=True)
        else:
            await handover.request(session, conversation, handover.MISSED_CALL)
    if answered:
        return _xml(twiml.goodbye([wording("goodbye")]))
    return _xml(twiml.ask([wording("unanswered")], turn=turn))


@router.post("/voice/status")
async def status(form: Form) -> Response:
    """Hear that a call has ended: who still waits for a person then gave up, and is to be called back (漏接回拨)."""
    state = value(form, "CallStatus")
    log.info("call.status", call=value(form, "CallSid"), status=state)
    if state in ENDED:
        async with database.transaction() as session:
            conversation = await callers.conversation(session, form)
            if await handover.position(session, conversation):
                await handover.request(session, conversation, handover.MISSED_CALL)
    return Response(status_code=204)


@router.post("/sms")
async def text_message(form: Form) -> Response:
    """Answer a text message, in the same conversation as the caller's calls: one idea a message."""
    async with database.transaction() as session:
        replies = await callers.say(session, form, value(form, "Body"), key=value(form, "MessageSid"))
    texts = [part for reply in replies for part in plain_text.pieces([plain_text.written(reply)], longest=LONGEST_TEXT)]
    return _xml(twiml.text_messages(texts))

"""One turn of a conversation, in the caller's transaction."""

from dataclasses import replace

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, exchange, handover
from bot.contract import DialogueEngine, Outcome, Reply, ReplyType, Turn
from bot.engine import BuiltIn
from bot.engine.person import to_person_after_failure
from bot.queue import FAILED, state_of
from bot.rasa import RasaEngine
from bot.tables import Conversation
from bot.wording import wording
from core import clock
from core.errors import Unavailable
from core.logs import origin
from core.settings import settings

log = structlog.get_logger()

LONGEST_TEXT = 10_000  # characters of one message

ENGINES: dict[str, DialogueEngine] = {"builtin": BuiltIn(), "rasa": RasaEngine()}


async def converse(session: AsyncSession, turn: Turn, *, locked: Conversation | None = None) -> list[Reply]:
    """Answer one turn of a citizen and return the replies; both sides' messages and the new state are stored.

    `locked`: the conversation, where the caller has locked its row in this transaction.

    The conversation's row is locked until the caller's transaction ends, so turns are answered one after the other.
    A key seen before gets the stored replies. While an agent has the conversation nothing is replied: the agent hears
    of the message. Raises NotFound for an unknown conversation.
    """
    conversation = locked or await conversations.get(session, turn.conversation, lock=True)
    if turn.key is not None:
        replies = await conversations.answered(session, conversation.id, turn.key)
        if replies is not None:
            return replies
    whole = turn.text.encode(errors="ignore").decode()  # JSON may hold half a character, which nothing can store
    turn = replace(turn, text=whole[:LONGEST_TEXT])
    heard_at = clock.now()
    if await handover.hears(session, conversation.id):
        data = {"media": list(turn.media)} if turn.media else {}
        await conversations.receive(session, conversation.id, text=turn.text, key=turn.key, data=data)
        conversation.last_at = heard_at
        return []
    if len(whole) > LONGEST_TEXT:
        text = wording("bad.too_long", conversation.locale, limit=LONGEST_TEXT)
        outcome = Outcome((Reply(ReplyType.TEXT, text, {"why": {"rule": "too_long"}}),), _state(conversation))
    else:
        outcome = await _handle(session, turn, conversation)
    await exchange.write(session, conversation, turn, outcome, heard_at=heard_at)
    return [_public(reply) for reply in outcome.replies]


async def _handle(session: AsyncSession, turn: Turn, conversation: Conversation) -> Outcome:
    """Let the engine answer; when it fails, what the citizen said is kept and the citizen is told so.

    When it fails again with the next turn, it would for ever: the citizen gets a person.
    """
    failed_before = _state(conversation).get(FAILED)
    try:
        async with session.begin_nested():
            return await ENGINES[settings().dialogue].handle(session, turn, _state(conversation))
    except (OperationalError, Unavailable):
        raise  # nothing can be kept now; the door asks to send it again
    except Exception as error:
        # Not its message: that may hold what the citizen said.
        log.error("turn.failed", conversation=conversation.id, error=type(error).__name__, at=origin(error))
    if failed_before:
        return await to_person_after_failure(session, turn, _state(conversation))
    text = wording("bad.failed", conversation.locale)
    reply = Reply(ReplyType.TEXT, text, {"why": {"rule": FAILED}})
    return Outcome((reply,), _state(conversation) | {FAILED: True})


def _state(conversation: Conversation) -> dict[str, object]:
    return {"locale": conversation.locale, **state_of(conversation)}


def _public(reply: Reply) -> Reply:
    return replace(reply, data={key: value for key, value in reply.data.items() if key != "why"})

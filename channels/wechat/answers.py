"""A citizen's turn over WeChat: answered within the five seconds that WeChat waits, or pushed afterwards."""

import asyncio
import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, converse
from bot.contract import Reply, Turn
from channels import plain_text
from channels.wechat import photos
from channels.wechat.messages import Incoming
from core import clock, database, jobs, outbox, privacy

log = structlog.get_logger()

CHANNEL = "wechat"
ANSWER = "answer"  # kind of a notice that sends an answer, or the rest of one, from `part` on
PASSIVE_SECONDS = 4.0  # WeChat hangs up after 5
LONGEST_BYTES = 2048  # of one text message

_running: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True, slots=True)
class _Said:
    openid: str
    text: str
    media: tuple[dict[str, Any], ...]
    key: str
    received_at: str


async def passive_answer(incoming: Incoming, *, can_push: bool) -> str:
    """Return the text to answer with, empty where there is nothing to say now.

    What takes longer than 4 s is answered by a job, and what does not fit into one message follows by the outbox.
    Without `can_push` it is waited for instead: WeChat asks again with the same key and gets the stored answer.
    """
    said = _Said(incoming.openid, incoming.text, incoming.media, incoming.key, clock.now().isoformat())
    task = asyncio.create_task(_answer(said))
    _running.add(task)
    task.add_done_callback(_finished)
    done, _ = await asyncio.wait({task}, timeout=PASSIVE_SECONDS if can_push else None)
    if not done:
        async with database.transaction() as session:
            await jobs.defer(session, "wechat.answer_later", sealed=_seal(said))
        return ""
    conversation, replies = task.result()
    parts = pieces(replies)
    if len(parts) > 1:
        async with database.transaction() as session:
            await _push(session, conversation, said.key, first=1)
    return parts[0] if parts else ""


def pieces(replies: list[Reply]) -> list[str]:
    """Return the replies as the texts of as few WeChat messages as hold them."""
    return plain_text.pieces(
        [plain_text.written(reply) for reply in replies], longest=LONGEST_BYTES, size=plain_text.utf8_size
    )


@jobs.task("wechat.answer_later")
async def answer_later(sealed: str) -> None:
    """Answer a turn that took too long; if the first attempt went through meanwhile, send its stored answer."""
    said = _unseal(sealed)
    async with database.transaction() as session:
        conversation, _ = await _converse(session, said)
        await _push(session, conversation, said.key, first=0)


async def _answer(said: _Said) -> tuple[str, list[Reply]]:
    async with database.transaction() as session:
        return await _converse(session, said)


async def _converse(session: AsyncSession, said: _Said) -> tuple[str, list[Reply]]:
    conversation = await conversations.by_peer(session, channel=CHANNEL, peer=said.openid)
    turn = Turn(
        conversation=conversation.id,
        channel=CHANNEL,
        text=said.text,
        received_at=datetime.fromisoformat(said.received_at),
        key=said.key,
        media=said.media,
    )
    return conversation.id, await converse(session, await photos.foretell(session, turn))


async def _push(session: AsyncSession, conversation: str, key: str, *, first: int) -> None:
    await outbox.post(
        session,
        channel=CHANNEL,
        recipient={"conversation": conversation},
        kind=ANSWER,
        content={"key": key, "part": first},
        idempotency_key=f"{CHANNEL}:{conversation}:{key}:{first}",
    )


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.warning("wechat.turn_failed", error=type(task.exception()).__name__)


def _seal(said: _Said) -> str:
    """Jobs lie in the database in clear; what a citizen says does not."""
    return base64.b64encode(privacy.seal(json.dumps(asdict(said), ensure_ascii=False))).decode()


def _unseal(sealed: str) -> _Said:
    values = json.loads(privacy.unseal(base64.b64decode(sealed)))
    return _Said(**values | {"media": tuple(values["media"])})

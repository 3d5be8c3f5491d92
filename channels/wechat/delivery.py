"""Notices for citizens on WeChat, by customer-service message (客服消息)."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from channels import pushing
from channels.wechat import api
from channels.wechat.account import account
from channels.wechat.answers import ANSWER, pieces
from core.errors import NotFound
from core.outbox import Notice

log = structlog.get_logger()


async def deliver(session: AsyncSession, notice: Notice) -> None:
    """Send one notice, or the part of it that it names. Raises Unavailable when WeChat may take it later.

    What WeChat never will take (48 hours gone by, a follower no more), or what this line cannot send because the door
    is closed or has no secret, is recorded on the ledger and stays readable in the conversation.
    """
    parts = await _parts(session, notice)
    openid = await pushing.peer_of(session, notice)
    part = pushing.part_of(notice)
    if part >= len(parts) or openid is None:
        return
    try:
        sender = account()
    except NotFound:
        sender = None
    if sender is None or sender.secret is None:
        await pushing.record_undelivered(session, notice, "not_configured")
        return
    try:
        await api.send_text(sender, openid=openid, text=parts[part])
    except api.Refused as refusal:
        log.warning("wechat.refused", notice=notice.id, errcode=refusal.errcode)
        await pushing.record_undelivered(session, notice, str(refusal.errcode))
        return
    if part + 1 < len(parts):
        await pushing.post_next_part(session, notice)


async def _parts(session: AsyncSession, notice: Notice) -> list[str]:
    if notice.kind == ANSWER:
        replies = await conversations.answered(session, notice.recipient["conversation"], notice.content["key"])
        return pieces(replies or [])
    message = await pushing.message_of(session, notice)
    return pieces([message] if message else [])

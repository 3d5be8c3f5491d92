"""Citizens' photos over WeChat: WeChat keeps them for three days, so a job fetches them into the attachment store."""

from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.concurrency import run_in_threadpool

from bot.contract import Turn
from channels import attachments
from channels.wechat import api
from channels.wechat.account import account
from core import jobs
from core.errors import BadInput, NotFound, TooLarge, TooMany

log = structlog.get_logger()


async def foretell(session: AsyncSession, turn: Turn) -> Turn:
    """Return the turn with the ids that its photos will have, and have them fetched; as it is without a secret.

    WeChat's own media ids stay only where nothing can be fetched by them.
    """
    if not turn.media or account().secret is None:
        return turn
    ids = {each["id"]: attachments.foretold(turn.conversation, each["id"]) for each in turn.media}
    for media_id, id in ids.items():
        await jobs.defer(session, "wechat.keep_photo", lock=f"attachment:{id}", media_id=media_id, attachment=id)
    return replace(turn, media=tuple({**each, "id": ids[each["id"]]} for each in turn.media))


@jobs.task("wechat.keep_photo")
async def keep_photo(media_id: str, attachment: str) -> None:
    """Fetch a photo and keep it; what WeChat does not give, or is no photo that the line takes, stays missing."""
    try:
        attachments.open_file(attachment)
        return
    except NotFound:
        pass
    try:
        content = await api.photo(account(), media_id=media_id)
        conversation = attachment.split(".")[0]
        await run_in_threadpool(attachments.keep, conversation, content, id=attachment)
    except (api.Refused, BadInput, TooLarge, TooMany, NotFound) as refusal:
        log.warning("wechat.photo_refused", attachment=attachment, reason=refusal.slug)

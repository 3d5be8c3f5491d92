"""Taking a conversation, and who has it when a colleague was faster."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot import handover
from core import auth
from core.auth import Actor
from core.errors import Conflict


async def take(session: AsyncSession, id: str, *, actor: Actor) -> None:
    """Take the conversation. Raises Conflict as `handover.take`, with the name of the colleague who has it."""
    try:
        await handover.take(session, id, actor=actor)
    except Conflict as refused:
        holder = await holder_name(session, id)
        if holder is None:
            raise
        raise Conflict(f"这个对话已由{holder}接听。", holder=holder) from refused


async def holder_name(session: AsyncSession, id: str) -> str | None:
    """Return the name of who has the conversation, or None."""
    staff = await handover.holder(session, id)
    return (await auth.names(session, [staff])).get(staff) if staff is not None else None

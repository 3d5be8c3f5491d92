"""What an administrator does with a dead letter: have it tried again, or put it aside. Both with a reason."""

from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, outbox, privacy
from core.auth import Actor, Permission
from core.dead_letters import JOB, DeadLetter
from core.errors import BadInput, Conflict, NotFound

SUBJECT = "jobs"
LONGEST_REASON = 500


async def retry(session: AsyncSession, id: int, *, actor: Actor, reason: str) -> DeadLetter:
    """Try the job again with all its attempts, or the notice for its whole time.

    Raises NotFound, Conflict where somebody has settled it, BadInput without a reason, Forbidden.
    """
    letter = await _settle(session, id, actor=actor, reason=reason, settled_as="retried")
    if letter.kind == JOB:
        await session.execute(
            text(
                "update procrastinate_jobs set status = 'todo', attempts = 0, scheduled_at = null "
                "where id = :id and status = 'failed'"
            ),
            {"id": letter.reference},
        )
    else:
        await outbox.try_again(session, letter.reference)
    return letter


async def put_aside(session: AsyncSession, id: int, *, actor: Actor, reason: str) -> DeadLetter:
    """Take the letter off the list; what it stands for is not done. Raises as `retry`."""
    return await _settle(session, id, actor=actor, reason=reason, settled_as="put_aside")


async def _settle(session: AsyncSession, id: int, *, actor: Actor, reason: str, settled_as: str) -> DeadLetter:
    actor.must(Permission.SETTINGS)
    reason = privacy.mask_text(reason.strip())
    if not reason or len(reason) > LONGEST_REASON:
        raise BadInput(f"请填写原因，{LONGEST_REASON} 个字以内。")
    letter = await session.scalar(select(DeadLetter).where(DeadLetter.id == id).with_for_update())
    if letter is None:
        raise NotFound("没有这一条未完成的任务。")
    if letter.settled_at is not None:
        raise Conflict("这一条已经有人处理过了，请刷新列表。")
    settled: dict[str, Any] = {"settled_at": clock.now(), "settled_as": settled_as, "settled_by": str(actor)}
    await session.execute(update(DeadLetter).where(DeadLetter.id == id).values(**settled, reason=reason))
    data = {"letter": id, "what": letter.what, "reference": letter.reference, "reason": reason}
    await ledger.append(session, subject=SUBJECT, kind=f"{letter.kind}.{settled_as}", actor=actor, data=data)
    return letter

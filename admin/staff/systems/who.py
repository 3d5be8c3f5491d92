"""Who asks here: a department's own system, and nobody else."""

from typing import Annotated

from fastapi import Depends

from admin.staff.access import Staffed
from core.auth import Actor
from core.errors import Forbidden


async def _system(actor: Staffed) -> Actor:
    """Return the system that asks. Raises Forbidden for a person."""
    if actor.kind != "client":
        raise Forbidden("这里只给部门系统使用：请用系统账号的访问令牌。")
    return actor


System = Annotated[Actor, Depends(_system)]

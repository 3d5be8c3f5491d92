"""Accounts of departments' own systems, as an administrator keeps them: by the command line and by the page."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from channels.webhooks import posting, subscriptions
from core import clients
from core.auth import SYSTEM, Actor
from core.clients import Client
from core.database import transaction
from core.errors import BadInput
from routing import departments


async def add(*, department: str, name: str, actor: Actor = SYSTEM) -> tuple[str, str]:
    """Add an account and return its id and secret. Raises BadInput for an unknown department or no name."""
    if departments.tree().get(department).kind == "centre":
        raise BadInput("中心自己不承办工单，不需要部门系统账号。")
    async with transaction() as session:
        client, secret = await clients.create(session, name=name, department=department, actor=actor)
        return client.public_id, secret


async def add_secret(id: str, *, actor: Actor = SYSTEM) -> str:
    """Give an account another secret and return it. Raises NotFound, Conflict where it has two."""
    async with transaction() as session:
        return await clients.add_secret(session, await clients.find(session, id), actor=actor)


async def retire(id: str, hint: str, *, actor: Actor = SYSTEM) -> None:
    """End the secret that ends in `hint`. Raises NotFound, BadInput where none or two do."""
    async with transaction() as session:
        client = await clients.find(session, id)
        found = [each for each in await clients.secrets_of(session, [client.id]) if each.hint == hint]
        if len(found) != 1:
            raise BadInput("没有以这四个字符结尾的密钥（或有两个），请核对。")
        await clients.retire_secret(session, client, found[0].id, actor=actor)


async def set_active(id: str, *, active: bool, actor: Actor = SYSTEM) -> None:
    """Disable an account at once, or enable it: what its webhooks had on their way is sent. Raises NotFound."""
    async with transaction() as session:
        client = await clients.find(session, id)
        await clients.set_active(session, client, active, actor=actor)
        if active:
            await _post_waiting(session, client)


async def listed() -> list[dict[str, Any]]:
    """Return every account with the ends of its secrets."""
    async with transaction() as session:
        found = await clients.every(session)
        kept = await clients.secrets_of(session, [each.id for each in found])
        return [
            {
                "id": each.public_id,
                "name": each.name,
                "department": each.department,
                "active": each.active,
                "secrets": [secret.hint for secret in kept if secret.client_id == each.id],
            }
            for each in found
        ]


async def _post_waiting(session: AsyncSession, client: Client) -> None:
    for subscription in await subscriptions.of_client(session, client.id):
        if subscription.active:
            await posting.post_waiting(session, subscription)

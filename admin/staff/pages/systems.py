"""Page: departments' own systems, their secrets and webhooks."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from sqlalchemy.ext.asyncio import AsyncSession

from admin import systems
from admin.staff.pages import choices
from admin.staff.pages.route import PageRoute, View, Viewer
from channels.webhooks import subscriptions
from channels.webhooks.tables import Subscription
from core import clients, clock
from core.auth import Permission
from core.clients import Client
from core.database import transaction

router = APIRouter(prefix="/settings/systems", route_class=PageRoute, include_in_schema=False)

DELIVERIES = 10
REPLAYED_HOURS = 24


@router.get("")
async def page(view: View) -> Response:
    """Show the accounts with their webhooks."""
    return await _drawn(view, "systems.html")


@router.post("")
async def add(
    view: View,
    department: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Add an account; its secret is shown once."""
    view.must(Permission.SETTINGS)
    return await _drawn(view, fresh=await systems.add(department=department, name=name, actor=view.actor))


@router.post("/{id}/secret")
async def add_secret(id: str, view: View) -> Response:
    """Give an account a second secret; it is shown once."""
    view.must(Permission.SETTINGS)
    return await _drawn(view, fresh=(id, await systems.add_secret(id, actor=view.actor)))


@router.post("/{id}/secret/{hint}/retire")
async def retire(id: str, hint: str, view: View) -> Response:
    """End a secret."""
    view.must(Permission.SETTINGS)
    await systems.retire(id, hint, actor=view.actor)
    return await _drawn(view)


@router.post("/{id}/disable")
async def disable(id: str, view: View) -> Response:
    """Shut an account out at once."""
    view.must(Permission.SETTINGS)
    await systems.set_active(id, active=False, actor=view.actor)
    return await _drawn(view)


@router.post("/{id}/enable")
async def enable(id: str, view: View) -> Response:
    """Let an account in again."""
    view.must(Permission.SETTINGS)
    await systems.set_active(id, active=True, actor=view.actor)
    return await _drawn(view)


@router.post("/{id}/webhooks/{webhook}/test")
async def test(id: str, webhook: int, view: View) -> Response:
    """Send a signed ping, and show what came back."""
    view.must(Permission.SETTINGS)
    async with transaction() as session:
        found = await _webhook(session, id, webhook)
    outcome = await subscriptions.ping(found)
    key = "systems.ping.taken" if outcome.sound else "systems.ping.failed"
    return await _drawn(view, said=view.say(key, url=found.url, status=outcome.status or outcome.failure))


@router.post("/{id}/webhooks/{webhook}/replay")
async def replay(id: str, webhook: int, view: View) -> Response:
    """Send the events of the last day again."""
    view.must(Permission.SETTINGS)
    end = clock.now()
    async with transaction() as session:
        found = await _webhook(session, id, webhook)
        count = await subscriptions.replay(session, found, start=end - timedelta(hours=REPLAYED_HOURS), end=end)
    return await _drawn(view, said=view.say("systems.replayed", count=count))


@router.post("/{id}/webhooks/{webhook}/switch")
async def switch(id: str, webhook: int, view: View) -> Response:
    """Switch a webhook off, or on again."""
    view.must(Permission.SETTINGS)
    async with transaction() as session:
        found = await _webhook(session, id, webhook)
        await subscriptions.switch(session, found, not found.active, actor=view.actor)
    return await _drawn(view)


async def _webhook(session: AsyncSession, id: str, webhook: int) -> Subscription:
    client = await clients.find(session, id)
    return await subscriptions.find(session, client.id, webhook, lock=True)


async def _drawn(
    view: Viewer, template: str = "parts/systems.html", *, fresh: tuple[str, str] | None = None, said: str = ""
) -> Response:
    view.must(Permission.SETTINGS)
    async with transaction() as session:
        found = await clients.every(session)
        kept = await clients.secrets_of(session, [each.id for each in found])
        shown = [
            {
                "client": each,
                "secrets": [secret for secret in kept if secret.client_id == each.id],
                "webhooks": await _webhooks(session, each),
            }
            for each in found
        ]
    return view.page(
        template, systems=shown, fresh=fresh, said=said, department_groups=choices.department_groups(view.locale)
    )


async def _webhooks(session: AsyncSession, client: Client) -> list[dict[str, Any]]:
    return [
        {"webhook": each, "deliveries": await subscriptions.deliveries(session, each.id, limit=DELIVERIES)}
        for each in await subscriptions.of_client(session, client.id)
    ]

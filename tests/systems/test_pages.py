"""The administrator's page and interface for departments' systems."""

import re

from core.settings import settings
from routing import departments
from tests.admin.staffing import World
from tests.systems.conftest import TOKEN, System
from tests.systems.reference_client import Receiver, receiving

PAGE = "/settings/systems"
ACCOUNTS = "/api/v1/staff/systems"


async def test_an_account_is_made_on_the_page_and_its_secret_shown_once(world: World) -> None:
    async with world.browser("admin") as client:
        made = await client.post(PAGE, data={"department": "urban_management", "name": "城管业务平台"})
        (id,) = set(re.findall(r"sys_[0-9a-f]{16}", made.text))
        (secret,) = set(re.findall(r"yts_[\w-]{43}", made.text))
        later = await client.get(PAGE)
        assert secret not in later.text
        assert id in later.text
        answer = await client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=(id, secret))
        assert answer.status_code == 200
        await client.post(f"{PAGE}/{id}/disable")
        answer = await client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=(id, secret))
        assert answer.status_code == 401


async def test_secrets_are_changed_by_page_and_by_interface(world: World, lamps: System) -> None:
    async with world.client("admin") as client:
        second = (await client.post(f"{ACCOUNTS}/{lamps.public_id}/secrets")).json()["client_secret"]
        assert (await client.post(f"{ACCOUNTS}/{lamps.public_id}/secrets")).status_code == 409
        hint = lamps.secret[-4:]
        assert (await client.delete(f"{ACCOUNTS}/{lamps.public_id}/secrets/{hint}")).status_code == 204
        (shown,) = (await client.get(ACCOUNTS)).json()
    assert shown["secrets"] == [second[-4:]]


async def test_only_administrators_may(world: World, lamps: System) -> None:
    for login in ("lin", "zhou", "lamps"):
        async with world.client(login) as client:
            assert (await client.get(ACCOUNTS)).status_code == 403
            assert (await client.get(PAGE)).status_code == 403
    async with lamps.connected() as client:
        assert (await client.get(ACCOUNTS)).status_code == 403


async def test_the_centre_has_no_system_of_its_own(world: World) -> None:
    centre = next(each.code for each in departments.tree() if each.kind == "centre")
    async with world.client("admin") as client:
        answer = await client.post(ACCOUNTS, json={"department": centre, "name": "中心平台"})
    assert answer.status_code == 422


async def test_the_page_tests_replays_and_switches_a_webhook(world: World, lamps: System, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(settings(), "webhook_networks", "127.0.0.0/8")
    with receiving(Receiver(port=0)) as receiver:
        async with lamps.connected() as client:
            hook = (await client.post("/api/v1/systems/webhooks", json={"url": receiver.url})).json()
        receiver.secrets.append(hook["secret"])
        path = f"{PAGE}/{lamps.public_id}/webhooks/{hook['id']}"
        async with world.browser("admin") as browser:
            assert "测试已送达" in (await browser.post(f"{path}/test")).text
            await world.dispatched()
            async with lamps.connected() as client:
                await client.get("/api/v1/systems/events")
            assert "1 条将重新发送" in (await browser.post(f"{path}/replay")).text
            await browser.post(f"{path}/switch")
            assert (await browser.post(f"{path}/replay")).status_code == 409
    assert [each["type"] for each in receiver.taken] == ["ping"]

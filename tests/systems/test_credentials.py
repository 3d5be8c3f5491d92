"""OAuth 2.0 client credentials (RFC 6749, sections 4.4 and 5), and what a department's system may do with them."""

import base64
from datetime import timedelta

import pytest

from core import clients, clock
from core.auth import SYSTEM
from core.database import transaction
from core.errors import Conflict
from tests.admin.staffing import World
from tests.systems.conftest import TOKEN, System

TICKETS = "/api/v1/staff/tickets"
GRANT = {"grant_type": "client_credentials"}


async def test_id_and_secret_by_basic_or_form_give_a_short_lived_token(lamps: System) -> None:
    async with lamps.plain() as client:
        by_form = await client.post(TOKEN, data={**GRANT, "client_id": lamps.public_id, "client_secret": lamps.secret})
        by_basic = await client.post(TOKEN, data=GRANT, auth=(lamps.public_id, lamps.secret))
        for answer in (by_form, by_basic):
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.json()["token_type"] == "Bearer"
        client.headers["Authorization"] = f"Bearer {by_form.json()['access_token']}"
        assert (await client.get(TICKETS)).status_code == 200
        with clock.set_to(clock.now() + timedelta(seconds=by_form.json()["expires_in"] + 1)):
            assert (await client.get(TICKETS)).status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (GRANT, 401, "invalid_client"),
        ({**GRANT, "client_id": "sys_unknown", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
    ],
)
async def test_refusals_are_those_of_the_standard(lamps: System, form: dict[str, str], status: int, error: str) -> None:
    async with lamps.plain() as client:
        answer = await client.post(TOKEN, data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_a_broken_basic_header_is_an_unknown_client(lamps: System) -> None:
    broken = ("Basic %%%", "Basic " + base64.b64encode(b"\xff:x").decode())
    async with lamps.plain() as client:
        for header in broken:
            answer = await client.post(TOKEN, data=GRANT, headers={"Authorization": header})
            assert answer.status_code == 401


async def test_guessing_ends_after_five(lamps: System) -> None:
    async with lamps.plain() as client:
        for _ in range(5):
            assert (await client.post(TOKEN, data=GRANT, auth=(lamps.public_id, "wrong"))).status_code == 401
        assert (await client.post(TOKEN, data=GRANT, auth=(lamps.public_id, lamps.secret))).status_code == 429


async def test_two_secrets_are_valid_at_once_and_retiring_one_ends_its_tokens(lamps: System) -> None:
    async with transaction() as session:
        client = await clients.find(session, lamps.public_id)
        newer = await clients.add_secret(session, client, actor=SYSTEM)
        with pytest.raises(Conflict):
            await clients.add_secret(session, client, actor=SYSTEM)
        (old, _) = await clients.secrets_of(session, [client.id])
    renewed = System(lamps.world, lamps.public_id, newer)
    async with lamps.connected() as before, renewed.connected() as after:
        async with transaction() as session:
            await clients.retire_secret(session, client, old.id, actor=SYSTEM)
        assert (await before.get(TICKETS)).status_code == 401
        assert (await after.get(TICKETS)).status_code == 200


async def test_a_disabled_system_is_out_at_once(lamps: System) -> None:
    async with lamps.connected() as client:
        async with transaction() as session:
            found = await clients.find(session, lamps.public_id)
            await clients.set_active(session, found, False, actor=SYSTEM)
        assert (await client.get(TICKETS)).status_code == 401
        assert (await client.post(TOKEN, data=GRANT, auth=(lamps.public_id, lamps.secret))).status_code == 401


async def test_a_system_does_what_its_department_may_and_is_named_in_the_history(world: World, lamps: System) -> None:
    number, foreign = await world.dispatched(), await world.dispatched("power_supply")
    async with lamps.connected() as client:
        assert (await client.get(f"{TICKETS}/{foreign}")).status_code == 404
        assert (await client.post(f"{TICKETS}/{foreign}/accept")).status_code == 404
        accepted = await client.post(f"{TICKETS}/{number}/accept")
        assert accepted.json()["state"] == "accepted"
        assert accepted.json()["steps"][0]["actor"] == "城管业务平台"
        assert (await client.post(f"{TICKETS}/{number}/close", json={"reason": "好了"})).status_code == 403
        shown = await client.post(f"{TICKETS}/{number}/reveal", json={"reason": "联系诉求人核实位置"})
        assert shown.json()["name"] == "王小明"


async def test_pages_and_the_rest_of_staffs_interface_are_for_people(world: World, lamps: System) -> None:
    opening = {"request_type": "assistance", "title": "灯", "description": "灯不亮"}
    async with lamps.connected() as client:
        for path in ("/workbench", "/settings", "/api/v1/staff/me", "/api/v1/staff/knowledge/articles"):
            assert (await client.get(path)).status_code in {403, 404}, path
        assert (await client.post(TICKETS, json=opening)).status_code == 403
    async with world.client("lamps") as person:
        assert (await person.get("/api/v1/systems/events")).status_code == 403

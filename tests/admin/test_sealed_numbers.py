"""A sealed ticket that is linked with an ordinary one shows in nothing that is read by who may not see it."""

import httpx
import pytest

from core import clock
from core.city import city
from routing.figures import following
from tests.admin.staffing import World
from tests.systems.conftest import a_system

STAFF = "/api/v1/staff"


@pytest.fixture
async def numbers(world: World) -> tuple[str, str]:
    """A sealed ticket of the lamps' department and an ordinary one of the power company, linked with each other."""
    await a_system(world, "power_supply", "供电业务平台")
    sealed, ordinary = await world.dispatched(), await world.dispatched("power_supply")
    await world.moved(ordinary, ("lin", "link", {"other": sealed}))
    await world.moved(sealed, ("zhou", "seal", {"reason": "涉及人身安全"}))
    await following.catch_up()
    return sealed, ordinary


async def read(client: httpx.AsyncClient, *paths: str) -> str:
    answers = {path: await client.get(path) for path in paths}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(paths, 200)
    return "".join(answer.text for answer in answers.values())


@pytest.mark.parametrize("login", ["lin", "power"])
async def test_it_stands_on_no_page_and_in_no_answer(world: World, numbers: tuple[str, str], login: str) -> None:
    sealed, ordinary = numbers
    async with world.client(login) as program, world.browser(login) as browser:
        said = [
            await read(program, f"{STAFF}/tickets/{ordinary}", f"{STAFF}/tickets"),
            await read(browser, f"/workbench/{ordinary}", "/workbench?state=dispatched", "/workbench?state="),
        ]
        assert all(ordinary in each and sealed not in each for each in said)
        assert "另一件工单" in said[0] and "另一件工单" in said[1]
        assert sealed not in await read(program, f"{STAFF}/warnings", f"{STAFF}/tickets?q={sealed}")
        assert (await program.get(f"{STAFF}/tickets/{sealed}")).status_code == 404
        assert (await program.post(f"{STAFF}/tickets/{ordinary}/unlink", json={"other": sealed})).status_code != 200
    async with world.browser("zhou") as browser:
        assert sealed in await read(browser, f"/workbench/{ordinary}")


async def test_it_stands_in_no_export_and_no_feed_of_another_department(world: World, numbers: tuple[str, str]) -> None:
    sealed, ordinary = numbers
    today = clock.local(clock.now(), city().time_zone).date()
    asked = f"{STAFF}/figures/opened/numerator"
    days = f"start={today}&end={today}"
    async with world.client("power") as program:
        said = await read(program, f"{asked}?{days}", f"{asked}/export?{days}")
        assert ordinary in said and sealed not in said
    system = await a_system(world, "power_supply", "新平台")
    async with system.connected() as client:
        said = await read(client, "/api/v1/systems/events", f"{STAFF}/tickets", f"{STAFF}/tickets/{ordinary}")
        assert ordinary in said and sealed not in said

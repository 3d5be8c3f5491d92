"""The published reply reads alike under the result and in the history."""

from tests.admin.staffing import NAME, PHONE, World

TICKETS = "/api/v1/staff/tickets"
OFFICE = "0571-88880000"


async def read_both(world: World, result: str, **changes: object) -> tuple[str, str]:
    handled = [("lamps", "accept", {}), ("lamps", "reply", {"result": result})]
    number = await world.moved(await world.dispatched(**changes), *handled)
    async with world.client("lin") as agent:
        ticket = (await agent.get(f"{TICKETS}/{number}")).json()
    return ticket["result"], next(each["text"] for each in ticket["steps"] if each["kind"] == "replied")


async def test_a_departments_own_number_is_clear_in_both_and_its_citizens_in_neither(world: World) -> None:
    result, step = await read_both(world, f"{NAME}您好，路灯已修好。已电话告知{PHONE}；有事请打{OFFICE}。")
    assert result == step
    assert OFFICE in result and PHONE not in result and NAME not in result and "138****8000" in result


async def test_on_a_secret_ticket_no_number_is_clear_in_either(world: World) -> None:
    result, step = await read_both(
        world, f"已核实，另有13911112222可问，举报人电话{PHONE}，有事请打{OFFICE}。", request_type="tip_off"
    )
    assert result == step
    assert not [number for number in (PHONE, "13911112222", OFFICE, NAME) if number in result]


async def test_what_is_said_elsewhere_stays_masked_in_the_history(world: World) -> None:
    number = await world.moved(
        await world.dispatched(), ("lamps", "accept", {}), ("lamps", "contact", {"note": "同事13911112222接的电话"})
    )
    async with world.client("lin") as agent:
        assert "13911112222" not in (await agent.get(f"{TICKETS}/{number}")).text

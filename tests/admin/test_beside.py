"""What a ticket's page says of applications and of why it went where it is."""

from tests.admin.staffing import World


async def test_an_application_that_a_reply_made_needless_was_not_refused(world: World) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    async with world.client("lamps") as lamps:
        asked = {"working_days": 2, "reason": "灯具订货"}
        assert (await lamps.post(f"/api/v1/staff/tickets/{number}/extension", json=asked)).status_code == 200
        replied = await lamps.post(f"/api/v1/staff/tickets/{number}/reply", json={"result": "路灯已修好。"})
        (application,) = replied.json()["beside"]["applications"]
        assert application["approved"] is None and application["lapsed"]
    async with world.browser("lamps") as browser:
        page = (await browser.get(f"/workbench/{number}")).text
    assert "无需审批" in page and "未批准" not in page and "待审批" not in page


async def test_only_who_may_open_the_catalogue_is_led_there(world: World) -> None:
    number = await world.opened()
    async with world.client("lin") as lin:
        sent = await lin.post(f"/api/v1/staff/tickets/{number}/dispatch", json={"department": "urban_management"})
        assert sent.json()["dispatched_because"]["row"]
    for login, led in (("lin", True), ("lamps", False)):
        async with world.browser(login) as browser:
            page = (await browser.get(f"/workbench/{number}")).text
        assert "派单依据" in page and ("/supervision/catalogue/row?" in page) is led

from datetime import timedelta

import pytest
from limits import parse

from admin.staff import access
from core import auth, clock
from core.database import transaction
from core.settings import settings
from tests.admin.staffing import ACCOUNTS, PASSWORD, World

SESSION = "/api/v1/staff/session"
ME = "/api/v1/staff/me"


async def test_signing_in_gives_a_token_for_programs_and_a_cookie_that_no_script_reads(world: World) -> None:
    async with world.client() as client:
        answer = await client.post(SESSION, json={"login": "lamps", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json()["me"]["department"] == "urban_management"
    cookie = answer.headers["set-cookie"]
    assert answer.json()["token"] in cookie
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()


async def test_the_cookie_is_sent_over_encrypted_connections_only_where_the_line_has_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "public_url", "https://12345.example")
    async with world.client() as client:
        answer = await client.post(SESSION, json={"login": "lin", "password": PASSWORD})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("login", ACCOUNTS)
async def test_everyone_is_told_who_they_are_and_what_they_may(world: World, login: str) -> None:
    role, name, department = ACCOUNTS[login]
    async with world.client(login) as client:
        answer = await client.get(ME)
    assert answer.status_code == 200
    me = answer.json()
    assert (me["role"], me["name"], me["department"]) == (role, name, department)
    assert set(me["permissions"]) == {str(each) for each in auth.PERMISSIONS[role]}


@pytest.mark.parametrize(("login", "password"), [("lin", "not the password"), ("nobody", PASSWORD)])
async def test_a_wrong_login_and_a_wrong_password_read_the_same(world: World, login: str, password: str) -> None:
    async with world.client() as client:
        answer = await client.post(SESSION, json={"login": login, "password": password})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "登录名或密码不对，请重试。"
    assert "set-cookie" not in answer.headers


async def test_after_five_failures_the_right_password_is_refused_too_for_that_login_only(world: World) -> None:
    async with world.client() as client:
        for _ in range(5):
            assert (await client.post(SESSION, json={"login": "lin", "password": "wrong"})).status_code == 401
        assert (await client.post(SESSION, json={"login": "lin", "password": PASSWORD})).status_code == 429
        assert (await client.post(SESSION, json={"login": "he", "password": PASSWORD})).status_code == 201


async def test_an_address_that_tries_many_logins_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ATTEMPTS", parse("3/minute"))
    async with world.client() as client:
        answers = [await client.post(SESSION, json={"login": login, "password": "wrong"}) for login in "abcd"]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]


async def test_success_forgets_the_failures_before_it(world: World) -> None:
    async with world.client() as client:
        for _ in range(2):
            for _ in range(4):
                await client.post(SESSION, json={"login": "lin", "password": "wrong"})
            assert (await client.post(SESSION, json={"login": "lin", "password": PASSWORD})).status_code == 201


async def test_signing_out_ends_the_session_and_twice_is_no_error(world: World) -> None:
    async with world.client("lin") as client:
        assert (await client.delete(SESSION)).status_code == 204
        assert (await client.delete(SESSION)).status_code == 204
        answer = await client.get(ME)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_nobody_gets_in_without_a_session_or_with_one_that_has_ended(world: World) -> None:
    async with world.client() as nobody, world.client("lin") as client:
        assert (await nobody.get("/api/v1/staff/tickets")).status_code == 401
        with clock.set_to(clock.now() + timedelta(hours=settings().staff_session_hours, minutes=1)):
            assert (await client.get("/api/v1/staff/tickets")).status_code == 401


async def test_a_closed_account_is_out_at_once(world: World) -> None:
    async with world.client("lin") as client:
        async with transaction() as session:
            await auth.deactivate(session, login="lin")
        assert (await client.get(ME)).status_code == 401


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null", "http://line.test.elsewhere.example"])
async def test_another_site_cannot_write_in_the_name_of_a_browser(world: World, origin: str | None) -> None:
    number = await world.opened()
    async with world.browser("lin", origin=origin) as browser:
        answer = await browser.post(f"/api/v1/staff/tickets/{number}/dispatch", json={"department": "urban_management"})
        assert answer.status_code == 403
        assert (await browser.delete(SESSION)).status_code == 403
        assert (await browser.get(f"/api/v1/staff/tickets/{number}")).json()["state"] == "new"


async def test_our_own_pages_write_with_the_cookie_and_programs_need_no_origin(world: World) -> None:
    body = {"department": "urban_management"}
    first, second = await world.opened(), await world.opened()
    async with world.browser("lin") as browser, world.client("lin") as client:
        assert (await browser.post(f"/api/v1/staff/tickets/{first}/dispatch", json=body)).status_code == 200
        assert (await client.post(f"/api/v1/staff/tickets/{second}/dispatch", json=body)).status_code == 200


async def test_another_site_cannot_sign_a_browser_in(world: World) -> None:
    async with world.browser(origin="https://elsewhere.example") as browser:
        answer = await browser.post(SESSION, json={"login": "lin", "password": PASSWORD})
    assert answer.status_code == 403

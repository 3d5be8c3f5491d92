import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import auth, clock, credentials
from core.auth import Actor, Permission, Role
from core.errors import BadInput, Forbidden, NotSignedIn

PASSWORD = "a long password"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return credentials.hash_password(PASSWORD)


@pytest.fixture
async def agent(session: AsyncSession, password_hash: str) -> auth.Staff:
    return await auth.create_staff(session, login="lin", name="林", password_hash=password_hash, role=Role.AGENT)


async def test_the_right_password_opens_a_session(session: AsyncSession, agent: auth.Staff) -> None:
    staff, token = await auth.sign_in(session, login="lin", password=PASSWORD)
    assert staff.id == agent.id
    assert (await auth.staff_of(session, token)).actor().role is Role.AGENT


@pytest.mark.parametrize(("login", "password"), [("lin", "wrong password"), ("nobody", PASSWORD), ("", "")])
async def test_a_wrong_login_and_a_wrong_password_read_the_same(
    session: AsyncSession, agent: auth.Staff, login: str, password: str
) -> None:
    with pytest.raises(NotSignedIn, match="登录名或密码不对"):
        await auth.sign_in(session, login=login, password=password)


async def test_a_session_ends_by_time_by_signing_out_and_by_a_new_password(
    session: AsyncSession, agent: auth.Staff, password_hash: str
) -> None:
    _, token = await auth.sign_in(session, login="lin", password=PASSWORD)
    with clock.set_to(clock.now() + timedelta(hours=11)), pytest.raises(NotSignedIn):
        await auth.staff_of(session, token)
    await auth.sign_out(session, token)
    with pytest.raises(NotSignedIn):
        await auth.staff_of(session, token)
    _, token = await auth.sign_in(session, login="lin", password=PASSWORD)
    await auth.set_password(session, login="lin", password_hash=password_hash)
    with pytest.raises(NotSignedIn):
        await auth.staff_of(session, token)


async def test_an_account_put_to_rest_cannot_sign_in(session: AsyncSession, agent: auth.Staff) -> None:
    agent.active = False
    await session.flush()
    with pytest.raises(NotSignedIn):
        await auth.sign_in(session, login="lin", password=PASSWORD)


async def test_bad_accounts_are_refused(session: AsyncSession, agent: auth.Staff, password_hash: str) -> None:
    with pytest.raises(BadInput, match="已被使用"):
        await auth.create_staff(session, login="lin", name="", password_hash=password_hash, role=Role.AGENT)
    with pytest.raises(BadInput, match="所属部门"):
        await auth.create_staff(session, login="x", name="", password_hash=password_hash, role=Role.DEPARTMENT)


def test_permissions_follow_the_role() -> None:
    department = Actor(kind="staff", id=1, role=Role.DEPARTMENT, department="water")
    department.must(Permission.TICKET_HANDLE)
    with pytest.raises(Forbidden):
        department.must(Permission.TICKET_READ_ALL)
    assert not Actor(kind="citizen", id=1).may(Permission.TICKET_OPEN)
    assert auth.SYSTEM.may(Permission.SETTINGS)


async def test_a_closed_account_signs_in_no_more_and_keeps_its_name(session: AsyncSession, agent: auth.Staff) -> None:
    _, token = await auth.sign_in(session, login="lin", password=PASSWORD)
    await auth.deactivate(session, login="lin")
    with pytest.raises(NotSignedIn):
        await auth.staff_of(session, token)
    with pytest.raises(NotSignedIn):
        await auth.sign_in(session, login="lin", password=PASSWORD)
    assert await auth.names(session, [agent.id]) == {agent.id: "林"}
    assert [each.active for each in await auth.accounts(session)] == [False]


async def test_looking_at_a_password_holds_nobody_up(
    session: AsyncSession, agent: auth.Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_go_on = threading.Event()

    def slow(_password: str, _kept: str | None) -> tuple[bool, str | None]:
        return others_go_on.wait(5), None

    monkeypatch.setattr(auth, "verify_password", slow)
    asyncio.get_running_loop().call_later(0.05, others_go_on.set)
    await auth.sign_in(session, login="lin", password=PASSWORD)

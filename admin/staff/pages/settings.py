"""Page: accounts, and the settings in force."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from admin import accounts, settings_page
from admin.staff import texts
from admin.staff.pages import choices
from admin.staff.pages.route import PageRoute, View, Viewer
from bot import duty
from core import auth, dead_letters
from core.auth import Permission, Role
from core.database import transaction
from core.errors import BadInput

router = APIRouter(prefix="/settings", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def settings(view: View) -> Response:
    """Show accounts and settings."""
    view.must(Permission.SETTINGS)
    return await _page(view, "settings.html")


@router.post("/accounts")
async def add(
    view: View,
    login: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
    role: Annotated[str, Form()] = "",
    department: Annotated[str, Form()] = "",
) -> Response:
    """Add an account; its password is shown once."""
    view.must(Permission.SETTINGS)
    if not login.strip() or not login.strip().isprintable() or role not in set(Role):
        raise BadInput("请填写登录名并选择角色。")
    password = await accounts.add(
        login=login.strip(), role=Role(role), name=name.strip(), department=department or None
    )
    return await _page(view, "parts/accounts.html", fresh=(login.strip(), password))


@router.post("/accounts/{login}/password")
async def renew(login: str, view: View) -> Response:
    """Give an account a new password; it is shown once, and its sessions end."""
    view.must(Permission.SETTINGS)
    return await _page(view, "parts/accounts.html", fresh=(login, await accounts.renew(login)))


@router.post("/accounts/{login}/close")
async def close(login: str, view: View) -> Response:
    """Close an account."""
    view.must(Permission.SETTINGS)
    if login == view.found.login:
        raise BadInput("不能停用自己正在使用的账号。")
    async with transaction() as session:
        await auth.deactivate(session, login=login)
    return await _page(view, "parts/accounts.html")


@router.post("/accounts/{login}/skills")
async def give_skills(login: str, view: View) -> Response:
    """Say which desks' conversations come to an account first."""
    view.must(Permission.SETTINGS)
    form = await view.request.form()
    async with transaction() as session:
        await accounts.set_skills(session, login, [str(each) for each in form.getlist("skill")])
    return await _page(view, "parts/accounts.html")


async def _page(view: Viewer, template: str, *, fresh: tuple[str, str] | None = None) -> Response:
    async with transaction() as session:
        listed = await auth.accounts(session)
        letters = sum((await dead_letters.counts(session)).values())
    return view.page(
        template,
        accounts=listed,
        fresh=fresh,
        letters=letters,
        roles=[(str(role), texts.named("role", role, view.locale)) for role in Role],
        skills=[(each.code, each.named(view.locale)) for each in duty.rules().skills],
        department_groups=choices.department_groups(view.locale),
        settings=settings_page.rows(),
    )

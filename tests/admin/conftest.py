"""The web app with staff in it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI

from core import clock, credentials
from core.database import transaction
from kb import questions
from tests.admin.staffing import PASSWORD, World, settle


@pytest.fixture(scope="session")
def password_hash() -> str:
    return credentials.hash_password(PASSWORD)


@pytest.fixture(scope="session")
def app() -> FastAPI:
    from admin.web import create_app

    return create_app()


@pytest.fixture
async def world(committing: None, app: FastAPI, password_hash: str) -> AsyncIterator[World]:
    from admin.staff import access

    access.forget_failures()
    yield await settle(app, password_hash)


@pytest.fixture
async def busy(world: World) -> World:
    """A line with a ticket in every state."""
    reply = {"result": "已修复。", "basis": ""}
    await world.opened()
    await world.dispatched()
    accepted: list[tuple[str, str, dict[str, object]]] = [("lamps", "accept", {})]
    await world.moved(await world.dispatched(), *accepted)
    await world.moved(await world.dispatched(), ("lamps", "return_to_centre", {"reason": "不是我局职责"}))
    replied = [*accepted, ("lamps", "reply", reply)]
    await world.moved(await world.dispatched(), *replied)
    survey = ("lin", "callback", {"contacted": True, "solved": True, "satisfied": 4})
    await world.moved(await world.dispatched(), *replied, survey)
    with clock.set_to(clock.now() - timedelta(days=20)):
        await world.dispatched("power_supply")
    await world.waiting()
    async with transaction() as session:
        await questions.record(session, "宠物火化去哪里办")
    return world

"""The web app with staff in it."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from core import auth
from tests.admin.staffing import PASSWORD, World, settle


@pytest.fixture(scope="session")
def password_hash() -> str:
    return auth.hash_password(PASSWORD)


@pytest.fixture(scope="session")
def app() -> FastAPI:
    from admin.web import create_app

    return create_app()


@pytest.fixture
async def world(committing: None, app: FastAPI, password_hash: str) -> AsyncIterator[World]:
    from admin.staff import access

    access.forget_failures()
    yield await settle(app, password_hash)

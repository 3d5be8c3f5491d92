"""Departments' own systems, on the line that staff's tests know."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from core import clients, credentials
from core.auth import SYSTEM
from core.database import transaction
from tests.admin.staffing import ORIGIN, PASSWORD, World, settle

TOKEN = "/api/v1/systems/token"


@dataclass
class System:
    """A department's system, with its credentials."""

    world: World
    public_id: str
    secret: str

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a bearer token that it got itself."""
        async with self.plain() as client:
            answer = await client.post(
                TOKEN, data={"grant_type": "client_credentials"}, auth=(self.public_id, self.secret)
            )
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            yield client

    @asynccontextmanager
    async def plain(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.world.app), base_url=ORIGIN) as client:
            yield client


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


async def a_system(world: World, department: str, name: str) -> System:
    async with transaction() as session:
        client, secret = await clients.create(session, name=name, department=department, actor=SYSTEM)
    return System(world, client.public_id, secret)


@pytest.fixture
async def lamps(world: World) -> System:
    return await a_system(world, "urban_management", "城管业务平台")

"""Every way into the line beyond the public doors is shut to who has no business there; a new one has to be, too.

The ways are read from the application itself: what is not named here as public is staff's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from admin.staff.tickets.commands import COMMANDS
from core.database import transaction
from routing import negotiations
from tests.admin.staffing import ORIGIN, World
from tests.systems.conftest import a_system

Asked = tuple[str, str, str, dict[str, Any]]  # method, path as declared, address, what is sent

PUBLIC = {"/", "/docs", "/openapi.json", "/static/vendor/{name}", "/healthz", "/readyz", "/metrics", "/widget"}
PUBLIC |= {"/track", "/sign-in", "/api/v1/staff/session", "/api/v1/systems/token", "/api/v1/ledger/checkpoint"}
DOORS = ("/api/v1/conversations", "/api/v1/tickets/", "/api/v1/articles/", "/track/", "/channels/", "/open311/")
# What anybody who has an account may do with what is their own; the functions behind them show nothing else.
OWN = {
    "GET": {
        *("/api/v1/staff/me", "/api/v1/staff/tickets", "/api/v1/staff/warnings", "/api/v1/staff/negotiations"),
        *("/api/v1/staff/figures", "/workbench", "/warnings", "/negotiations", "/supervision/figures"),
        *("/supervision/figures/{figure}/{part}", "/supervision/figures/{figure}/{part}/export"),
        *("/api/v1/staff/figures/{figure}/{part}", "/api/v1/staff/figures/{figure}/{part}/export"),
        *("/supervision/quality", "/supervision/quality/departments", "/supervision/quality/export"),
        *("/api/v1/staff/quality/findings", "/api/v1/staff/quality/findings/export", "/api/v1/staff/quality/numbers"),
        "/api/v1/staff/events",
    },
    "POST": {"/sign-out", "/warnings/seen", "/api/v1/staff/warnings/seen"},
}
KNOWLEDGE = ("/knowledge", "/api/v1/staff/knowledge")  # of departments and editors, with tests of its own
OF_SYSTEMS = "/api/v1/systems"
SHUT = {401, 403, 404}
# What the pages' forms ask for; each takes what it knows.
FORM = {
    **{"reason": "原因", "note": "原因", "text": "原因", "basis": "依据", "question": "谁负责？", "then": "merge"},
    **{"stance": "declines", "lead": "urban_management", "participants": "urban_management、power_supply"},
}
SAID_IN_THE_PATH = {"topics": ("acknowledge", "close", "merge"), "figures": ("exclude", "include")}


def ways(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every way in that is not public."""
    for route in app.routes:
        if isinstance(route, Mount):  # files of pages
            continue
        each = route.effective_route_contexts() if hasattr(route, "effective_route_contexts") else [route]
        for found in each:
            if found.path in PUBLIC or found.path.startswith(DOORS):
                continue
            yield from ((method, found.path) for method in sorted(found.methods) if method != "HEAD")


def filled(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Any:
    """A value that the schema allows: its example, else what is required."""
    if "$ref" in schema:
        return filled(parts[schema["$ref"].rpartition("/")[2]], parts)
    if "example" in schema:
        return schema["example"]
    if "anyOf" in schema:
        return filled(schema["anyOf"][0], parts)
    if "enum" in schema or "const" in schema:
        return schema.get("const") or schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {
                name: filled(each, parts)
                for name, each in schema.get("properties", {}).items()
                if name in schema.get("required", ())
            }
        case "array":
            return [filled(schema["items"], parts)] * schema.get("minItems", 1)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            of_date = {"date": "2027-01-04", "date-time": "2027-01-04T09:00:00+08:00"}
            return of_date.get(schema.get("format", ""), "原因" * max(schema.get("minLength", 1), 1))


def requests(app: FastAPI, real: Mapping[str, str], ids: Mapping[str, str]) -> Iterator[Asked]:
    """Each way, with things that exist and a body that fits; `ids`: what {id} names, by a part of the path."""
    interface = app.openapi()
    parts = interface["components"]["schemas"]
    for method, path in ways(app):
        address, sent = path, dict[str, Any]()
        for name, value in real.items():
            address = address.replace(f"{{{name}}}", value)
        address = address.replace("{id}", next((id for part, id in ids.items() if part in path), "1"))
        body = interface["paths"].get(path, {}).get(method.lower(), {}).get("requestBody", {}).get("content", {})
        for kind, content in body.items():
            value = filled(content["schema"], parts)
            sent = {"json": value} if kind == "application/json" else {"files": {"file": ("a.csv", b"x")}}
        if path in {"/workbench/{number}/{command}", "/desk/tickets/{number}/{command}"}:
            for route, command in COMMANDS.items():
                schema = command.body.model_json_schema()
                form = filled(schema, schema.get("$defs", {}))
                yield method, path, address.replace("{command}", route), {"data": form}
            continue
        if "/api/" not in path and method == "POST":
            revealing = path.endswith("/reveal")
            sent = {"data": {"reason": "核对现场的位置"} if revealing else FORM | {"ticket": real["number"]}}
        if "/{command}" in path:
            for command in next(said for part, said in SAID_IN_THE_PATH.items() if part in path):
                yield method, path, address.replace("{command}", command), sent
            continue
        assert "{" not in address or path in OWN["GET"] or path.startswith(KNOWLEDGE), f"what is {path} of?"
        yield method, path, address, sent


@pytest.fixture
async def asked(world: World) -> list[Asked]:
    """Requests about things of others: a ticket of the lamps' department, its negotiation, a conversation, a system."""
    number, second = await world.dispatched(), await world.dispatched()
    async with transaction() as session:
        opened = await negotiations.open(
            session,
            number,
            actor=world.actors["zhou"],
            question="谁负责？",
            participants=["urban_management", "power_supply"],
        )
    system = await a_system(world, "urban_management", "城管业务平台")
    real = {"number": number, "first": number, "second": second, "negotiation": str(opened.id), "login": "lamps"}
    real |= {"index": "1", "version": "1", "webhook": "1", "hint": "abcd", "kind": "year", "name": "returns"}
    real |= {"decision": "retry", "message": "1", "other": await world.waiting()}
    ids = {"/conversations/": await world.waiting(), "/negotiations/": str(opened.id), "/systems/": system.public_id}
    # Of the interface for systems, {id} is a webhook.
    return list(requests(world.app, real, {OF_SYSTEMS: "1"} | ids))


async def test_a_stranger_gets_in_nowhere(world: World, asked: list[Asked]) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=ORIGIN) as stranger:
        for method, _, address, sent in asked:
            answer = await stranger.request(method, address, headers={"Origin": ORIGIN}, **sent)
            to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            assert answer.status_code in SHUT or to_sign_in, (method, address, answer.status_code)


@pytest.mark.parametrize("login", ["zhaoxia", "editor"])
async def test_another_department_and_who_has_nothing_to_do_with_tickets_get_no_further(
    world: World, asked: list[Asked], login: str
) -> None:
    async with world.client(login) as program, world.browser(login) as browser:
        for method, path, address, sent in asked:
            if path in OWN.get(method, ()) or path.startswith(KNOWLEDGE) or path == "/api/v1/staff/session":
                continue
            answer = await (program if path.startswith("/api") else browser).request(method, address, **sent)
            assert answer.status_code in SHUT, (method, address, answer.status_code)


async def test_another_departments_system_gets_no_further(world: World, asked: list[Asked]) -> None:
    system = await a_system(world, "zhaoxia", "朝霞区平台")
    async with system.connected() as client:
        for method, path, address, sent in asked:
            if path in OWN.get(method, ()) or (path.startswith(OF_SYSTEMS) and "{" not in path):
                continue
            answer = await client.request(method, address, **sent)
            assert answer.status_code in SHUT, (method, address, answer.status_code)

"""Lists, counts and searches on many tickets, as staff ask for them: over HTTP in this process, signed in.

    YITONG_DATA=FOLDER python -m benchmarks.lists [--rounds 100]

FOLDER was filled by `benchmarks.filling`. Answers are whole: the interface's JSON and staff's pages, with all that
stands on them. Then what a change of calendar, limits and catalogue would move, as those pages show it before it holds.
Prints one JSON object a line, times in milliseconds.
"""

import argparse
import asyncio
import json
import random
import secrets
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import httpx

from admin.web import create_app
from core import auth, clock, credentials, logs
from core.auth import Role
from core.database import dispose, transaction
from routing import clock_effects, policy
from routing.tree import tree

LINE = "http://line.benchmark"
TICKETS = "/api/v1/staff/tickets"
PAGES = 200  # deep enough for whoever turns pages
PREVIEWS = 5  # rounds


async def client_of(app: object, role: Role, department: str | None = None) -> httpx.AsyncClient:
    """Return a browser of somebody of this role, signed in."""
    token = secrets.token_urlsafe()
    async with transaction() as session:
        staff = await auth.create_staff(
            session,
            login=f"benchmark-{secrets.token_hex(4)}",
            name="计时",
            password_hash="",
            role=role,
            department=department,
        )
        await session.flush()
        expires = clock.now() + timedelta(hours=2)
        digest = credentials.token_digest(token)
        session.add(auth.StaffSession(token_digest=digest, staff_id=staff.id, expires_at=expires))
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    return httpx.AsyncClient(
        transport=transport, base_url=LINE, cookies={"yitong_staff": token}, headers={"Origin": LINE}
    )


async def _timed(name: str, rounds: int, client: httpx.AsyncClient, path: Callable[[], str]) -> None:
    took = []
    for number in range(rounds + 2):
        began = time.perf_counter()
        answer = await client.get(path())
        if number >= 2:  # templates and statements are made at the first
            took.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()
    took.sort()
    shown = {"p50_ms": round(statistics.median(took), 1), "p99_ms": round(took[int(len(took) * 0.99) - 1], 1)}
    print(json.dumps({"what": name} | shown), flush=True)


async def _lists(rounds: int) -> None:
    app = create_app()
    centre = await client_of(app, Role.SUPERVISOR)
    departments = [each.code for each in tree() if each.kind != "centre"]  # as `filling` spreads them
    busiest, small = departments[0], departments[-1]
    for name, client in (
        ("centre", centre),
        ("busiest department", await client_of(app, Role.DEPARTMENT, busiest)),
        ("small department", await client_of(app, Role.DEPARTMENT, small)),
    ):
        for what, path in (
            ("list", lambda: TICKETS),
            ("list of a state", lambda: f"{TICKETS}?state=accepted"),
            ("a deep page", lambda: f"{TICKETS}?state=accepted&skip={50 * random.randrange(PAGES)}"),
            ("words that few titles hold", lambda: f"{TICKETS}?q=第{random.randrange(1, 10_000)}件"),
            ("words that a fifth of all titles hold", lambda: f"{TICKETS}?q=垃圾没有清运"),
            ("a number", lambda: f"{TICKETS}?q=F{random.randrange(1, 10_000):09d}"),
            ("beginning of numbers", lambda: f"{TICKETS}?q=F00001"),
            ("worklist, the page", lambda: "/workbench"),
            ("list of warnings, the page", lambda: "/warnings"),
        ):
            await _timed(f"{name}: {what}", rounds, client, path)
    await _timed("centre: a department's list", rounds, centre, lambda: f"{TICKETS}?department={busiest}")
    await _timed("centre: a telephone number", rounds, centre, lambda: f"{TICKETS}?q=138{random.randrange(10**8):08d}")
    await _timed("supervision, the page", rounds, centre, lambda: "/supervision")


async def _previews() -> None:
    sla = policy.sla()
    hours = {"working_hours": [{"from": "08:30", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]}
    changes = sla.model_dump(mode="json", by_alias=True, include={"policies", "escalation", "extension"})
    for limit in changes["policies"][0]["limits"]:
        limit["amount"] += 1
    week = {"working_week": sorted(sla.working_week)}
    for name, kind, content in (("working hours", "hours", hours | week), ("every limit", "policy", changes)):
        took = []
        for _ in range(PREVIEWS):
            async with transaction() as session:
                began = time.perf_counter()
                effect = await clock_effects.preview(session, kind, content, running=True)  # type: ignore[arg-type]
                took.append(time.perf_counter() - began)
        print(
            json.dumps({"what": f"preview: {name}", "p50_s": round(statistics.median(took), 2), "moved": effect.moved}),
            flush=True,
        )


async def _measure(rounds: int) -> None:
    await _lists(rounds)
    await _previews()
    await dispose()


def main() -> None:
    """Measure the database of YITONG_DATA."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=100)
    given = asked.parse_args()
    logs.configure(level="warning")
    asyncio.run(_measure(given.rounds))


if __name__ == "__main__":
    main()

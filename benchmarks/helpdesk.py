"""django-helpdesk beside the line: opening tickets and the first page of a list, over HTTP in one process each.

    python -m benchmarks.helpdesk --peer PYTHON [--tickets 100000] [--opened 500] [--rounds 100]

PYTHON is one of an environment with `django-helpdesk` and `psycopg[binary]`. Both use the same embedded PostgreSQL 18
(fsync on), a database each, filled with the same number of open tickets; both are asked by one client, one request
after the other, by their REST interface, signed in as staff. The peer opens a row in a queue and writes that it was
opened; the line opens a ticket with number, code, sealed author, clock, event of the ledger and job. Prints one JSON
object each: openings a second, list in milliseconds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

FILLED_AT_ONCE = 10_000
QUEUES = 50
PEER_NEEDS = ("account", "pinax.invitations", "pinax.teams")  # its migrations name them


def _figures(opened: int, rounds: int, open_one: Callable[[int], Any], list_first: Callable[[], Any]) -> dict[str, Any]:
    """Return the rate of opening and the times of the list; both have been asked a few times before."""
    for number in range(5):
        open_one(number)
        list_first()
    began = time.perf_counter()
    for number in range(opened):
        open_one(number)
    rate = opened / (time.perf_counter() - began)
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        list_first()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {
        "opened_a_second": round(rate),
        "list_p50_ms": round(took[rounds // 2], 1),
        "list_p99_ms": round(took[int(rounds * 0.99) - 1], 1),
    }


def peer(address: str, tickets: int, opened: int, rounds: int) -> None:
    """Measure django-helpdesk, in its own environment."""
    import django
    from django.conf import settings
    from django.urls import include, path

    installed = ("auth", "contenttypes", "sessions", "sites", "humanize", "messages", "admin", "staticfiles")
    middleware = ("sessions.middleware.Session", "auth.middleware.Authentication", "messages.middleware.Message")
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SITE_ID=1,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **json.loads(address), "CONN_MAX_AGE": None}},
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in installed), "rest_framework", *PEER_NEEDS, "helpdesk"],
        MIDDLEWARE=[f"django.contrib.{name}Middleware" for name in middleware],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        HELPDESK_ACTIVATE_API_ENDPOINT=True,
        STATIC_URL="/static/",
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client
    from helpdesk.models import Queue, Ticket

    globals()["urlpatterns"] = [path("", include("helpdesk.urls", namespace="helpdesk"))]
    call_command("migrate", verbosity=0)
    queues = [Queue.objects.create(title=f"部门{number}", slug=f"d{number}") for number in range(QUEUES)]
    for first in range(0, tickets, FILLED_AT_ONCE):
        made = [
            Ticket(queue=queues[number % QUEUES], title=f"第{number}件：路灯不亮", description="请派人处理。", status=1)
            for number in range(first, min(first + FILLED_AT_ONCE, tickets))
        ]
        Ticket.objects.bulk_create(made)
    staff = User.objects.create_superuser("benchmark", "", "benchmark")
    client = Client()
    client.force_login(staff)

    def open_one(number: int) -> None:
        values = {
            "queue": queues[number % QUEUES].id,
            "title": "路灯不亮",
            "description": f"第{number}根灯杆。",
            "priority": 3,
        }
        answer = client.post("/api/tickets/", values, content_type="application/json")
        assert answer.status_code == 201, answer.content

    def list_first() -> None:
        answer = client.get("/api/tickets/?page_size=50&status=1")
        assert answer.status_code == 200 and len(answer.json()["results"]) == 50, answer.content[:300]

    print(json.dumps(_figures(opened, rounds, open_one, list_first)))


def line(tickets: int, opened: int, rounds: int) -> dict[str, Any]:
    """Measure the line's own."""
    import asyncio

    from admin.web import create_app
    from benchmarks.filling import AT_ONCE, fill
    from benchmarks.lists import TICKETS, client_of
    from core.auth import Role
    from core.database import dispose, transaction

    loop = asyncio.new_event_loop()
    wait = loop.run_until_complete

    async def filled() -> None:
        for first in range(1, tickets + 1, AT_ONCE):
            async with transaction() as session:
                last = min(first + AT_ONCE - 1, tickets)
                await fill(session, first=first, last=last, open_share=1, days=365)

    wait(filled())
    client = wait(client_of(create_app(), Role.AGENT))

    def open_one(number: int) -> None:
        values = {"request_type": "assistance", "category": "utilities.lighting.lamp_out", "title": "路灯不亮"}
        wait(client.post(TICKETS, json=values | {"description": f"第{number}根灯杆。"})).raise_for_status()

    def list_first() -> None:
        answer = wait(client.get(f"{TICKETS}?limit=50"))
        assert len(answer.json()["tickets"]) == 50

    found = _figures(opened, rounds, open_one, list_first)
    wait(dispose())
    return found


def main() -> None:
    """Measure both, or be the peer's process."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--peer", required=True, help="the Python of the peer's environment")
    asked.add_argument("--tickets", type=int, default=100_000)
    asked.add_argument("--opened", type=int, default=500)
    asked.add_argument("--rounds", type=int, default=100)
    given = asked.parse_args()
    numbers = given.tickets, given.opened, given.rounds
    if given.peer.startswith("{"):
        peer(given.peer, *numbers)
        return
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from benchmarks.scratch import own_line
    from core import database, logs

    logs.configure(level="warning")
    with own_line():
        print(json.dumps({"what": "yitong", "tickets": given.tickets} | line(*numbers)), flush=True)
        with psycopg.connect(database.url(), autocommit=True) as connection:
            connection.execute("create database helpdesk")
        where = conninfo_to_dict(database.url())
        address = {"NAME": "helpdesk", "USER": where["user"], "HOST": where["host"], "PORT": where.get("port", "")}
        command = [given.peer, __file__, "--peer", json.dumps(address), "--tickets", str(given.tickets)]
        command += ["--opened", str(given.opened), "--rounds", str(given.rounds)]
        said = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": ""}
        )
        print(
            json.dumps({"what": "django-helpdesk", "tickets": given.tickets} | json.loads(said.stdout.splitlines()[-1]))
        )


if __name__ == "__main__":
    sys.path = [each for each in sys.path if each != os.path.dirname(os.path.abspath(__file__))]
    main()

"""A revision that comes to a city with data fills what it adds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from alembic import command

from admin import migrate
from core import database
from core.settings import settings

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
def earlier(migrated: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database beside the tests' own, to which the line belongs meanwhile."""
    own = database.url()
    with psycopg.connect(own, autocommit=True) as server:
        server.execute("create database earlier")
    address = urlunsplit(urlsplit(own)._replace(path="/earlier"))
    monkeypatch.setenv("YITONG_DATABASE_URL", address)
    settings.cache_clear()
    yield address
    monkeypatch.undo()
    settings.cache_clear()
    with psycopg.connect(own, autocommit=True) as server:
        server.execute("drop database earlier with (force)")


def wish(connection: psycopg.Connection, id: str, taken: datetime | None, ended: datetime | None) -> None:
    connection.execute(
        "insert into conversations (id, channel, locale, created_at, last_at) values (%s, 'web', 'zh_CN', %s, %s)",
        (id, NOW, NOW),
    )
    connection.execute(
        "insert into handovers (conversation_id, reason, urgent, requested_at, taken_at, ended_at) "
        "values (%s, 'asked', false, %s, %s, %s)",
        (id, NOW, taken, ended),
    )


def test_wishes_of_before_the_desks_are_open_to_anybody_and_say_how_they_ended(earlier: str) -> None:
    command.upgrade(migrate._configuration(), "0033_catalogue_passed_over")
    later = NOW + timedelta(minutes=5)
    with psycopg.connect(earlier) as connection:
        connection.execute(
            "insert into staff (login, name, password, role, active, created_at) "
            "values ('lin', '林', 'x', 'agent', true, %s)",
            (NOW,),
        )
        for id, taken, ended in (("waits", None, None), ("held", later, None), ("gone", None, later)):
            wish(connection, id, taken, ended)
        wish(connection, "served", later, later)
    command.upgrade(migrate._configuration(), "0034_skills")
    with psycopg.connect(earlier) as connection:
        rows = connection.execute(
            "select conversation_id, open_at = requested_at, returned, waits_since is not null, ended_as from handovers"
        ).fetchall()
        skills = connection.execute("select skills from staff").fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        "waits": (True, False, False, None),
        "held": (True, False, True, None),
        "gone": (True, False, False, "left"),
        "served": (True, False, False, "returned"),
    }
    assert skills == [([],)]

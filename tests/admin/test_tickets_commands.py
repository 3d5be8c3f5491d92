"""`topics`, `figures`: one JSON object a line, exit 1 for what failed, 2 for a wrong question."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from click.testing import Result

from admin.commands import tickets as module
from core import clock, database
from core.auth import Actor
from core.errors import BadInput
from routing import tickets
from routing.growing import gathering
from tests.admin.command_line import invoke
from tests.routing.conftest import draft, noticed

app = typer.Typer()
module.register(app)


def call(*arguments: str) -> Result:
    return invoke(app, *arguments)


def lines(file: Path, *messages: object) -> str:
    file.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in messages), "utf-8")
    return str(file)


MESSAGES = [
    {"id": "a", "title": "翠湖花园旁边的搅拌站噪音扰民", "text": "", "time": "2026-05-01 08:00:00"},
    {"id": "b", "title": "翠湖花园搅拌站噪音扰民何时搬走", "text": "", "time": "2026-05-02 08:00:00"},
]


def test_topics_are_one_object_a_line_with_the_fields_of_the_interface(tmp_path: Path) -> None:
    answered = call("topics", lines(tmp_path / "m.jsonl", *MESSAGES), "--json")
    assert answered.exit_code == 0
    (topic,) = [json.loads(line) for line in answered.stdout.splitlines()]
    assert list(topic) == ["topic", "ids", "title", "place", "first", "last", "heat"]
    assert topic["ids"] == ["a", "b"]


def test_topics_for_people_name_place_and_dates(tmp_path: Path) -> None:
    answered = call("topics", lines(tmp_path / "m.jsonl", *MESSAGES))
    assert "[翠湖花园]" in answered.stdout
    assert "2026-05-01 – 2026-05-02" in answered.stdout


@pytest.mark.parametrize("broken", ["not json", "[1, 2]"])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, broken: str) -> None:
    answered = call("topics", lines(tmp_path / "m.jsonl", MESSAGES[0], broken), "--json")
    assert isinstance(answered.exception, BadInput)
    assert answered.exception.sentence == "m.jsonl, line 2 is not a JSON object."


def test_a_file_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    answered = call("topics", str(tmp_path / "none.jsonl"))
    assert isinstance(answered.exception, BadInput)
    assert "cannot be read" in answered.exception.sentence


async def _open_one() -> None:
    draft = tickets.Draft(
        request_type="assistance",
        category=None,
        urgency="general",
        title="路灯不亮",
        description="路灯不亮",
        channel="web",
    )
    with clock.set_to(datetime(2026, 11, 23, 2, tzinfo=UTC)):
        async with database.transaction() as session:
            await tickets.open(session, draft, actor=Actor(kind="citizen"))


async def _in_a_thread(*arguments: str):  # type: ignore[no-untyped-def]
    import asyncio

    await database.dispose()  # the command has a loop and an engine of its own
    return await asyncio.to_thread(call, *arguments)


async def test_topics_without_a_file_are_those_of_the_line(committing: None) -> None:
    monday = datetime(2026, 11, 23, 2, tzinfo=UTC)
    numbers = []
    with clock.set_to(monday):
        for _ in range(5):
            said = draft(
                category="urban.sanitation.garbage_overflow", title="垃圾没人收", description="垃圾好几天没人收"
            )
            said = replace(said, address="桃李社区", conversation=None, citizen_phone=f"138001300{len(numbers):02}")
            async with database.transaction() as session:
                numbers.append((await noticed(session, said)).ticket.number)
        await gathering.gather()
        answered = await _in_a_thread("topics", "--json")
        shown = await _in_a_thread("topics")
    (topic,) = [json.loads(line) for line in answered.stdout.splitlines()]
    assert list(topic) == ["topic", "ids", "title", "place", "first", "last", "heat", "trend", "warning"]
    assert (topic["ids"], topic["heat"], topic["trend"], topic["warning"]) == (numbers, 5.0, None, "new")
    assert topic["title"] in shown.stdout


async def test_figures_are_one_object(committing: None) -> None:
    await _open_one()
    answered = await _in_a_thread("figures", "--from", "2026-11-23", "--to", "2026-11-23", "--json")
    found = json.loads(answered.stdout)
    assert (found["opened"], found["dispatched"], found["response_rate"]) == (1, 0, None)
    shown = await _in_a_thread("figures", "--from", "2026-11-23", "--to", "2026-11-23")
    assert "response_rate           –" in shown.stdout


def test_a_day_that_is_none_is_refused() -> None:
    assert call("figures", "--from", "2026-02-30", "--to", "2026-03-01").exit_code == 2

"""`yitong intents train|versions|roll-back|drift` on the command line."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from sqlalchemy import text

from admin.commands import output, understanding
from core import database
from core import versions as kept
from core.errors import BadInput, Conflict, Unavailable
from core.settings import settings
from tests.admin.command_line import invoke
from tests.history import LAMP, WAGES, small_city


@pytest.fixture(autouse=True)
async def apart(committing: None) -> None:
    """A command has an event loop, and connections, of its own."""
    await database.dispose()


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    understanding.register(made)
    return made


def call(app: typer.Typer, *arguments: str) -> Result:
    return invoke(app, "intents", *arguments)


def refused(app: typer.Typer, *arguments: str) -> str:
    """Return the sentence that the command line would write."""
    result = call(app, *arguments)
    assert isinstance(result.exception, BadInput | Conflict), result.output
    return result.exception.sentence


def written(path: Path, rows: list[Any]) -> str:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


SOUND = [{"text": f"第{number}盏路灯瞎火了", "label": LAMP} for number in range(30)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*SOUND, {"text": "路灯坏了"}], "line 31: the column “label” is missing"),
        ([*SOUND, "{broken"], "line 31: not a JSON object"),
        ([*SOUND, {"text": "路灯坏了", "label": "no.such.leaf"}], "line 31: “no.such.leaf” is no category"),
        (
            [*SOUND[:5], "", {"text": "水", "label": "utilities.water"}, *SOUND],
            "line 7: “utilities.water” is no category",
        ),
        (SOUND, f"All labelled texts have the category “{LAMP}”"),
        (SOUND[:2], "2 labelled lines are too few"),
    ],
)
def test_bad_input_is_named_with_its_file_and_line_and_nothing_is_kept(
    app: typer.Typer, tmp_path: Path, rows: list[Any], said: str
) -> None:
    file = written(tmp_path / "history.jsonl", rows)
    assert "history.jsonl" in refused(app, "train", "--labelled", file)
    assert said in refused(app, "train", "--labelled", file)
    listed = call(app, "versions", "--json")
    assert (listed.exit_code, listed.stdout) == (0, "")


def test_a_file_that_is_too_large_is_refused_unread(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as opened:
        opened.truncate(200_000_000)
    assert "has 200 MB, more than" in refused(app, "train", "--labelled", str(file))


def test_a_missing_file_is_named(app: typer.Typer, tmp_path: Path) -> None:
    assert "nowhere.jsonl cannot be read" in refused(app, "train", "--labelled", str(tmp_path / "nowhere.jsonl"))


def test_without_tickets_there_is_nothing_to_learn_from_and_nothing_to_compare(app: typer.Typer) -> None:
    assert "No ticket has been settled yet" in refused(app, "train")
    assert "0 and 0 tickets" in refused(app, "drift")
    assert "--from must not lie after --to" in refused(app, "drift", "--from", "2026-11-20", "--to", "2026-11-01")


@pytest.mark.parametrize("days", [("--from", "0001-01-01"), ("--from", "9999-12-31", "--to", "9999-12-31")])
def test_days_that_no_calendar_has_are_a_sentence(app: typer.Typer, days: tuple[str, ...]) -> None:
    assert "must lie between the years" in refused(app, "drift", *days)


def test_a_database_that_is_not_migrated_is_a_sentence(migrated: None) -> None:
    async def work() -> None:
        async with database.transaction() as session:
            await session.execute(text("select 1 from nowhere"))

    with ThreadPoolExecutor(1) as thread, pytest.raises(Unavailable, match=r"run \./yitong migrate"):
        thread.submit(output.run, work()).result()


async def test_a_version_that_does_not_answer_says_so(app: typer.Typer) -> None:
    async with database.transaction() as session:
        made = await kept.store(session, "categories", files={"categories.npz": b"other"}, figures={}, about={})
        await kept.put_in_service(session, made)
    await database.dispose()
    listed = await asyncio.to_thread(call, app, "versions", "--json")
    assert json.loads(listed.stdout)["state"] == "in_service"
    assert f"Version {made.id} of the classifier does not answer" in listed.stderr


def test_the_shipped_default_cannot_be_rolled_back(app: typer.Typer) -> None:
    assert "nothing to roll back to" in refused(app, "roll-back")


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("YITONG_CITY", str(small_city(tmp_path / "small")))
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.usefixtures("city")
def test_a_trained_version_is_listed(app: typer.Typer, tmp_path: Path) -> None:
    rows = [
        row
        for number in range(30)
        for row in (
            {"text": f"第{number}根灯杆黑咕隆咚的", "label": LAMP},
            {"text": f"包活的东家第{number}回赖账", "label": WAGES},
        )
    ]
    file = written(tmp_path / "history.jsonl", rows)
    result = call(app, "train", "--labelled", file, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout.splitlines()[-1])
    assert said["compared"] == 12 and said["learnt_from"] == 48 and said["categories"] == 2
    assert said["in_service"] is False and "50 are needed" in said["against"][0]
    listed = json.loads(call(app, "versions", "--json").stdout)
    assert (listed["version"], listed["state"]) == (said["version"], "candidate")
    assert listed["about"]["file"] == "history.jsonl"
    shown = call(app, "versions").stdout
    assert "candidate" in shown and "history.jsonl" in shown

"""`yitong encoder` on the command line, and a city's own encoder from its texts to the line."""

import asyncio
import json
from pathlib import Path

import pytest
import typer

from admin import sample, tuning, warm
from admin.commands import encoder
from core import database, versions
from core.database import transaction
from core.errors import BadInput, Conflict, NotFound
from core.settings import settings
from core.text import encode, lessons
from core.text.tuning import CHECKPOINT, Recipe
from routing import opening
from tests.admin.command_line import invoke
from tests.routing.conftest import CITIZEN, draft

FIGURES = {"before": {"neighbour": 0.5}, "after": {"neighbour": 0.625}}


@pytest.fixture(autouse=True)
async def apart(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command has an event loop, and connections, of its own; the process keeps its encoder."""
    await database.dispose()
    for name in ("_encoder", "_degraded", "_version"):
        monkeypatch.setattr(encode, name, None)


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    encoder.register(made)
    made.callback()(lambda: None)
    return made


def said(app: typer.Typer, *arguments: str) -> str:
    result = invoke(app, "encoder", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


async def stored(content: bytes) -> int:
    async with transaction() as session:
        version = await versions.store(session, "encoder", files={"m": content}, figures=FIGURES, about={"base": "bge"})
    await database.dispose()
    return version.id


async def test_versions_are_listed_used_and_rolled_back(app: typer.Typer) -> None:
    first, second = await stored(b"1"), await stored(b"2")

    def walk() -> None:
        assert "The encoder of the settings is in service." in said(app, "list")
        assert said(app, "use", str(first)) == f"Version {first} is in service.\n"
        said(app, "use", str(second))
        rows = [json.loads(line) for line in said(app, "list", "--json").splitlines()]
        assert [(row["version"], row["state"]) for row in rows] == [(second, "in_service"), (first, "retired")]
        assert rows[0]["figures"] == FIGURES
        assert "neighbour 0.500 → 0.625" in said(app, "list")
        assert said(app, "roll-back") == f"Version {first} is in service.\n"
        assert said(app, "roll-back") == "The encoder of the settings is in service.\n"
        unknown = invoke(app, "encoder", "use", "999")
        assert isinstance(unknown.exception, NotFound)

    await asyncio.to_thread(walk)


async def test_who_changes_the_encoder_hears_that_the_trained_classifier_does_not_answer(app: typer.Typer) -> None:
    async with transaction() as session:
        made = await versions.store(session, "categories", files={"categories.npz": b"other"}, figures={}, about={})
        await versions.put_in_service(session, made)
    version = await stored(b"1")

    def walk() -> None:
        for command in (("use", str(version)), ("roll-back",)):
            result = invoke(app, "encoder", *command)
            assert result.exit_code == 0, result.output
            assert f"Version {made.id} of the classifier does not answer" in result.stderr

    await asyncio.to_thread(walk)


async def test_the_line_s_own_texts_are_gathered(tmp_path: Path) -> None:
    await sample.load()
    labelled, pairs = tmp_path / "labelled.jsonl", tmp_path / "pairs.jsonl"
    rows = [{"text": f"城里第{number}只天鹅受伤了", "label": "swans"} for number in range(12)]
    labelled.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    rows = [{"question": f"天鹅第{number}天吃什么", "answer": "天鹅的食谱"} for number in range(12)]
    pairs.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    async with transaction() as session:
        opened = await opening.open(
            session, draft(category="transport.road_lighting", description="无人见过的路灯之谜"), actor=CITIZEN
        )
        opened.ticket.state = "closed"
    made = await tuning.gather(labelled, pairs)
    assert {"label swans", "pair 天鹅的食谱"} <= made.groups.keys()
    learnt = [*made.texts(), *(text for text, _ in (*made.sought, *made.asked))]
    assert "公积金" in "".join(text for text, _ in made.asked)  # the articles
    assert len(learnt) > 3000  # the taxonomy's examples among them
    labelled.write_text('{"text": "x"}')
    with pytest.raises(BadInput, match="line 1: the column “label” is missing"):
        await tuning.gather(labelled, None)


def few() -> lessons.Lessons:
    kinds = {"lamp": "路灯不亮", "fund": "公积金提取", "noise": "装修噪音"}
    return lessons.of([(f"{words}，第{number}次", kind) for kind, words in kinds.items() for number in range(30)], [])


async def test_a_tuned_encoder_is_stored_served_and_rolled_back(trainable: Path) -> None:
    heard: list[str] = []
    tuned = await tuning.tune(
        few(), recipe=Recipe(epochs=1, pairs=8, tokens=16), force=True, progress=lambda *_: None, say=heard.append
    )
    assert tuned.in_service
    assert tuned.figures["export_cosine"] >= 0.99
    assert tuned.figures["before"].keys() == tuned.figures["after"].keys() == {"neighbour"}
    assert len(heard) == 4
    await warm.take_up()
    assert encode.version() == tuned.version
    assert encode.encoder().fingerprint.startswith("city:")
    assert not (settings().data / "tuning").exists()
    async with transaction() as session:
        await versions.roll_back(session, "encoder")
    await warm.take_up()
    assert encode.encoder().fingerprint.startswith("bge-small-zh-v1.5:")


async def test_a_model_of_another_kind_is_stored_as_it_was_tuned(
    trainable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "encoder", str(trainable))
    recipe = Recipe(epochs=1, pairs=16, tokens=16)
    tuned = await tuning.tune(few(), recipe=recipe, force=True, progress=lambda *_: None, say=lambda _: None)
    assert "export_cosine" not in tuned.figures
    await warm.take_up()
    assert encode.version() == tuned.version
    assert encode.encoder().encode(["路灯坏了"]).shape == (1, 512)


async def test_what_is_no_better_is_stored_and_does_not_serve(trainable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "better", lambda after, before: False)
    recipe = Recipe(epochs=1, pairs=16, tokens=16)
    tuned = await tuning.tune(few(), recipe=recipe, force=False, progress=lambda *_: None, say=lambda _: None)
    assert not tuned.in_service
    async with transaction() as session:
        assert await versions.in_service(session, "encoder") is None
        assert (await versions.get(session, "encoder", tuned.version)).state == versions.State.CANDIDATE


async def test_hashing_cannot_be_tuned_and_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "encoder", "hashing")
    heard: list[str] = []
    with pytest.raises(BadInput, match="nothing to tune"):
        await tuning.tune(few(), recipe=Recipe(), force=False, progress=lambda *_: None, say=heard.append)
    assert heard == []


async def test_two_do_not_tune_in_one_folder() -> None:
    with tuning._alone(settings().data / "tuning"), pytest.raises(Conflict, match="Another tuning runs"):
        await tuning.tune(few(), recipe=Recipe(), force=False, progress=lambda *_: None, say=lambda _: None)


async def test_who_stops_waiting_stops_the_tuning_and_the_same_again_goes_on(trainable: Path) -> None:
    recipe, first = Recipe(epochs=2, pairs=4, tokens=16), asyncio.Event()
    loop = asyncio.get_running_loop()

    def step(done: int, steps: int, loss: float) -> None:
        loop.call_soon_threadsafe(first.set)

    def say(what: str) -> None:
        if what.startswith("Measuring"):
            first.clear()

    running = asyncio.create_task(tuning.tune(few(), recipe=recipe, force=False, progress=step, say=say))
    await first.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    checkpoint = settings().data / "tuning" / "checkpoints" / CHECKPOINT
    assert checkpoint.exists()
    tuned = await tuning.tune(few(), recipe=recipe, force=False, progress=step, say=say)
    assert tuned.figures["run"]["resumed_at"] > 0

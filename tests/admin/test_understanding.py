import json
from pathlib import Path

import pytest
import typer

from admin.commands import understanding
from core import database
from core.settings import settings
from core.text import encode
from tests.admin.command_line import invoke


@pytest.fixture(autouse=True)
async def apart() -> None:
    """A command has an event loop, and connections, of its own."""
    await database.dispose()


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    understanding.register(made)
    return made


def test_classify_writes_one_object_a_line_as_the_design_has_it(app: typer.Typer) -> None:
    lines = "望江区滨江大道的路灯坏了\n\n家里着火了\n"
    result = invoke(app, "classify", "--json", input=lines.encode() + b"\xff\n")
    assert result.exit_code == 0, result.output
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(said) == 4
    lamp, empty, fire, _ = said
    wanted = ["text", "request_type", "category", "urgency", "emergency", "entities", "departments"]
    assert list(lamp) == wanted
    assert lamp["text"] == "望江区滨江大道的路灯坏了" and set(lamp["category"]) == {"code", "path", "confidence"}
    assert lamp["emergency"] is None and lamp["departments"]
    assert set(lamp["departments"][0]) == {"code", "name", "score", "evidence"}
    assert empty["category"] is None
    assert set(fire["emergency"]) == {"service", "reason"} and fire["emergency"]["service"] == "fire"


def test_classify_speaks_to_people_too(app: typer.Typer) -> None:
    result = invoke(app, "classify", input="路灯坏了\n")
    assert result.exit_code == 0 and "→" in result.stdout


def test_a_missing_model_is_said_beside_the_answer(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "encoder", str(tmp_path))
    for name in ("_encoder", "_degraded", "_version"):
        monkeypatch.setattr(encode, name, None)
    result = invoke(app, "classify", "--json", input="")
    assert result.exit_code == 0 and result.stdout == ""
    assert f"The encoder {tmp_path}" in result.stderr


def test_intents_evaluate_writes_one_object(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text(
        "".join(json.dumps({"text": text * 2, "label": text[0]}) + "\n" for text in ("停水了", "路灯坏") * 5),
        encoding="utf-8",
    )
    result = invoke(app, "intents", "evaluate", "--train", str(file), "--test", str(file), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["classes"] == 2


def test_a_file_with_as_many_classes_as_lines_brings_no_warning_of_a_library(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "singles.jsonl"
    file.write_text("".join(json.dumps({"text": f"第{n}件事", "label": f"c{n}"}) + "\n" for n in range(12)))
    result = invoke(app, "intents", "evaluate", "--train", str(file), "--test", str(file), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["classes"] == 12


def test_intents_measure_reports_the_held_out_figures(app: typer.Typer) -> None:
    result = invoke(app, "intents", "measure", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert {"level1_accuracy", "level2_accuracy", "level3_accuracy", "routes_found"} <= set(figures)

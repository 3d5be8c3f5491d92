"""`catalogue export|import`: the same table as on the page, shown before it holds."""

import asyncio
import json
from pathlib import Path

import pytest
import typer
from click.testing import Result

from admin.commands import catalogue as module
from core import database
from core.errors import BadInput
from routing import catalogue_versions
from routing.catalogue import Catalogue
from tests.admin.command_line import invoke
from tests.admin.staffing import World

LAMP = "utilities.lighting.lamp_out"
HEADINGS = "类目编码,区域,主办单位,协办单位,依据,生效日期\n"

app = typer.Typer()
app.callback()(lambda: None)
module.register(app)


async def call(*arguments: str) -> Result:
    await database.dispose()  # the command has a loop and an engine of its own
    return await asyncio.to_thread(invoke, app, "catalogue", *arguments)


def table(folder: Path, *lines: str) -> str:
    file = folder / "table.csv"
    file.write_text(HEADINGS + "\n".join(lines), encoding="utf-8")
    return str(file)


async def in_force() -> Catalogue:
    async with database.transaction() as session:
        return await catalogue_versions.in_force(session)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_what_is_exported_changes_nothing_when_it_is_imported(
    committing: None, tmp_path: Path, kind: str
) -> None:
    file = str(tmp_path / f"catalogue.{kind}")
    rows = len(await in_force())
    assert f"{rows} rows in" in (await call("export", file)).stdout
    answered = await call("import", file)
    assert answered.exit_code == 0
    assert f"0 lines change a row, {rows} say what holds, 0 cannot be used." in answered.stdout


async def test_an_import_is_shown_first_and_holds_once_a_reason_is_given(world: World, tmp_path: Path) -> None:
    await world.opened()
    file = table(tmp_path, f"{LAMP},全市,市住建局,,移交协议,")
    shown = await call("import", file)
    assert f"line 2  {LAMP}@* → housing" in shown.stdout
    assert "urban_management → housing: 1 tickets, 1 open" in shown.stdout
    assert "Nothing is written yet" in shown.stdout
    row = (await in_force()).get(LAMP, "*")
    assert row is not None and row.lead == "urban_management"
    saved = await call("import", file, "--reason", "路灯移交", "--json")
    (said,) = [json.loads(line) for line in saved.stdout.splitlines()]
    assert (said["saved"], said["changes"], said["effect"]["open"]) == (True, 1, 1)
    row = (await in_force()).get(LAMP, "*")
    assert row is not None and row.lead == "housing"
    async with database.transaction() as session:
        (version,) = await catalogue_versions.history(session, LAMP, "*")
        assert (version.reason, version.changed_by) == ("路灯移交", "system")


async def test_a_table_for_a_later_day_holds_from_then_on(committing: None, tmp_path: Path) -> None:
    file = table(tmp_path, f"{LAMP},全市,市住建局,,移交协议,")
    assert (await call("import", file, "--reason", "移交", "--from", "2099-01-01")).exit_code == 0
    for day, lead in (("2098-12-31", "市城管局"), ("2099-01-01", "市住建局")):
        written = tmp_path / "then.csv"
        await call("export", str(written), "--at", day)
        rows = [line.split(",") for line in written.read_text("utf-8-sig").splitlines()]
        assert [row[3] for row in rows if (row[0], row[2]) == (LAMP, "全市")] == [lead]


async def test_a_line_that_cannot_be_used_keeps_all_of_them_out(committing: None, tmp_path: Path) -> None:
    file = table(tmp_path, f"{LAMP},全市,市住建局,,移交协议,", f"{LAMP}.x,全市,没有的局,,移交协议,")
    shown = await call("import", file)
    assert shown.exit_code == 1 and "line 3  ✗" in shown.stdout and "Nothing is written yet" not in shown.stdout
    refused = await call("import", file, "--reason", "移交")
    assert isinstance(refused.exception, BadInput) and "第 3 行" in refused.exception.sentence
    row = (await in_force()).get(LAMP, "*")
    assert row is not None and row.lead == "urban_management"


@pytest.mark.parametrize("arguments", [("import", "none.csv"), ("export", "table.txt"), ("export", "none/table.csv")])
async def test_a_file_that_cannot_be_used_is_said_in_a_sentence(
    committing: None, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    answered = await call(arguments[0], str(tmp_path / arguments[1]))
    assert isinstance(answered.exception, BadInput) and answered.exception.sentence.endswith(".")

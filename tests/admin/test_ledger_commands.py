"""`ledger verify|checkpoint|key|export`, and the checkpoint that everybody may read."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx
import typer
from click.testing import Result
from sqlalchemy import text

from admin.commands import ledger as module
from admin.web import create_app
from core import database, ledger
from core.auth import SYSTEM
from core.ledger import keys, signing
from core.settings import ROOT
from tests.admin.command_line import invoke

app = typer.Typer()
app.callback()(lambda: None)
module.register(app)


async def call(*arguments: str) -> Result:
    await database.dispose()  # the command has a loop and an engine of its own
    return await asyncio.to_thread(invoke, app, "ledger", *arguments)


async def write() -> None:
    async with database.transaction() as session:
        await ledger.append(session, subject="ticket:1", kind="noted", actor=SYSTEM, data={})


async def published() -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://line.test") as outsider:
        return await outsider.get("/api/v1/ledger/checkpoint")


UNTOUCHED = {
    "events": 1,
    "ok": True,
    "first_bad": None,
    "checkpoints": 0,
    "only_chained": 1,
    "problems": [],
    "remarks": [],
}


async def test_the_ledger_is_verified_and_a_change_is_found(committing: None) -> None:
    await write()
    answered = await call("verify", "--json")
    assert answered.exit_code == 0
    assert json.loads(answered.stdout) == UNTOUCHED
    async with database.transaction() as session:
        await session.execute(text("alter table events disable trigger events_append_only"))
        await session.execute(text("update events set actor = 'somebody else'"))
        await session.execute(text("alter table events enable trigger events_append_only"))
        first = await session.scalar(text("select id from events"))
    answered = await call("verify", "--json")
    assert answered.exit_code == 1
    assert json.loads(answered.stdout) == UNTOUCHED | {
        "ok": False,
        "first_bad": first,
        "problems": [f"Event {first} (ticket:1, 1) does not hold."],
    }


async def test_what_is_exported_is_checked_with_the_published_key(committing: None, tmp_path: Path) -> None:
    assert (await published()).status_code == 404
    await write()
    signed = json.loads((await call("checkpoint", "--json")).stdout)
    assert (signed["number"], signed["events"]) == (1, 1)
    answered = await published()
    assert answered.status_code == 200
    public = answered.json()["key"]
    assert answered.json()["checkpoint"] == signed
    assert json.loads((await call("key", "--json")).stdout) == {"key": public}
    file = tmp_path / "export.jsonl"
    for scope in ((), ("--subject", "ticket:1"), ("--from", "2020-01-01", "--to", "2099-12-31")):
        assert (await call("export", str(file), *scope)).exit_code == 0
        command = [sys.executable, str(ROOT / "docs" / "verify_ledger.py"), public]
        checked = subprocess.run(command, input=file.read_text(), capture_output=True, text=True)  # noqa: ASYNC221
        assert checked.stdout.startswith("1 events hold"), checked.stderr


async def test_a_checkpoint_kept_outside_shows_that_an_older_state_was_restored(
    committing: None, tmp_path: Path
) -> None:
    await write()
    await call("checkpoint")
    kept = tmp_path / "kept.json"
    kept.write_text((await published()).text)
    assert (await call("verify", "--against", str(kept))).exit_code == 0
    async with database.transaction() as session:
        await session.execute(text("alter table ledger_checkpoints disable trigger events_append_only"))
        await session.execute(text("delete from ledger_checkpoints"))
        await session.execute(text("alter table ledger_checkpoints enable trigger events_append_only"))
    (keys.folder() / signing.FILE).unlink()  # another machine verifies
    answered = await call("verify", "--against", str(kept), "--json")
    assert answered.exit_code == 1
    assert "an older state" in json.loads(answered.stdout)["problems"][0]
    assert (await call("verify")).exit_code == 0  # nothing within the database shows it
    kept.write_text(kept.read_text().replace('"total":1', '"total":2'))
    answered = await call("verify", "--against", str(kept))
    assert "no checkpoint as it was signed" in getattr(answered.exception, "sentence", "")


async def test_what_cannot_be_used_is_said_in_a_sentence(committing: None, tmp_path: Path) -> None:
    await write()
    for arguments, told in (
        (("export", str(tmp_path / "e"), "--subject", "ticket:1"), "./yitong ledger checkpoint"),
        (("export", str(tmp_path / "e"), "--subject", "x", "--from", "2026-01-01"), "not both"),
        (("verify", "--trust", "xyz"), "64 hexadecimal digits"),
        (("verify", "--against", str(tmp_path / "none")), "cannot be read"),
    ):
        answered = await call(*arguments)
        assert told in getattr(answered.exception, "sentence", ""), answered
    assert (await call("checkpoint")).stdout == "Checkpoint 1 signs 1 events, 1 in all.\n"
    assert (await call("checkpoint")).stdout == "Nothing has happened since the last checkpoint.\n"

"""What `ledger export` writes is checked by docs/verify_ledger.py alone, and nothing that was tampered with passes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.auth import SYSTEM
from core.errors import BadInput, NotFound
from core.ledger import checkpoints, export, keys
from core.ledger.events import canonical
from core.settings import ROOT

SCRIPT = ROOT / "docs" / "verify_ledger.py"
START = datetime(2026, 11, 1, 4, tzinfo=UTC)
SIGNED = ("number", "at", "after", "upto", "events", "total", "root", "previous", "key")

Lines = list[dict[str, object]]


@pytest.fixture
async def signed(session: AsyncSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncSession:
    """Three days of three, then five, then one event, each day signed; and one event more."""
    monkeypatch.setattr(keys, "_path", lambda: tmp_path / keys.FILE)
    for day, subjects in enumerate(("aab", "abcab", "a")):
        with clock.set_to(START + timedelta(days=day)):
            for subject in subjects:
                await write(session, subject)
            await checkpoints.make(session)
    await write(session, "c")
    return session


async def write(session: AsyncSession, subject: str) -> None:
    data = {"词": "路灯", "by": 0.1, "nested": [1, None, {"x": "é"}]}
    await ledger.append(session, subject=f"ticket:{subject}", kind="noted", actor=SYSTEM, data=data)


async def whole(session: AsyncSession, **days: datetime) -> Lines:
    return [line async for line in export.lines(session, **days)]


def check(folder: Path, lines: Lines, *trusted: str) -> subprocess.CompletedProcess[str]:
    file = folder / "export.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return check_file(file, *trusted)


def check_file(file: Path, *trusted: str) -> subprocess.CompletedProcess[str]:
    with file.open() as given:
        command = [sys.executable, "-I", "-W", "error", str(SCRIPT), *(trusted or (ours(),))]
        return subprocess.run(command, stdin=given, capture_output=True, text=True)


def ours() -> str:
    return keys.public(keys.held()[-1]).hex()


def test_the_script_is_short_and_knows_nothing_of_this_program() -> None:
    written = SCRIPT.read_text()
    assert len(written.splitlines()) <= 50
    imports = {line.split()[1].split(".")[0] for line in written.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= {"cryptography"} | sys.stdlib_module_names


async def test_a_whole_export_holds(signed: AsyncSession, tmp_path: Path) -> None:
    done = check(tmp_path, await whole(signed))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "10 events hold (events, checkpoints 1-3 of 3); 1 only chained.\n"


async def test_the_days_asked_for_hold_and_the_others_are_left_out(signed: AsyncSession, tmp_path: Path) -> None:
    day = timedelta(days=1)
    lines = await whole(signed, start=START + day, end=START + day)
    done = check(tmp_path, lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "5 events hold (events, checkpoints 2-2 of 3); 0 only chained.\n"


async def test_one_subject_holds_and_shows_nothing_of_others(signed: AsyncSession, tmp_path: Path) -> None:
    lines = [line async for line in export.lines_of(signed, "ticket:a")]
    done = check(tmp_path, lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("5 events hold (subject, ")  # whoever reads it knows that there may be more
    assert {line["subject"] for line in lines if line["type"] == "event"} == {"ticket:a"}
    with pytest.raises(NotFound):
        [line async for line in export.lines_of(signed, "ticket:none")]


def of(lines: Lines, kind: str) -> Lines:
    return [line for line in lines if line["type"] == kind]


def _edited(lines: Lines) -> None:
    of(lines, "event")[1]["actor"] = "citizen"


def _rehashed(lines: Lines) -> None:
    import hashlib

    event = of(lines, "event")[7]  # the last of its chain on that day
    event["kind"] = "closed"
    names = ("subject", "number", "at", "actor", "kind", "data", "previous")
    event["hash"] = hashlib.sha256(canonical([event[name] for name in names]).encode()).hexdigest()


def _removed_from_the_middle(lines: Lines) -> None:
    lines.remove(of(lines, "event")[0])


def _cut_off(lines: Lines) -> None:
    lines.remove(of(lines, "event")[8])  # the last signed one


def _without_a_subject(lines: Lines) -> None:
    lines[:] = [line for line in lines if line.get("subject") != "ticket:b"]


def _reordered(lines: Lines) -> None:
    first, third = (lines.index(of(lines, "event")[index]) for index in (0, 2))  # of two chains
    lines[first], lines[third] = lines[third], lines[first]


def _without_a_checkpoint(lines: Lines) -> None:
    lines.remove(of(lines, "checkpoint")[1])


def _without_any_checkpoint(lines: Lines) -> None:
    lines[:] = [line for line in lines if line["type"] != "checkpoint"]


def _with_a_false_count(lines: Lines) -> None:
    of(lines, "checkpoint")[2]["total"] = 8


def _forged(lines: Lines) -> None:
    """The last checkpoint commits to less, and is signed by another key, which the file names as the ledger's."""
    forger = Ed25519PrivateKey.generate()
    last = of(lines, "checkpoint")[-1]
    last["key"] = lines[0]["key"] = keys.public(forger).hex()
    last["signature"] = forger.sign(canonical({name: last[name] for name in SIGNED}).encode()).hex()
    last["endorsement"] = last["signature"]


def _ended_early(lines: Lines) -> None:
    """Everything after the second checkpoint is gone: what is left is a ledger that was whole once."""
    del lines[lines.index(of(lines, "checkpoint")[1]) + 1 :]


def _written_twice(lines: Lines) -> None:
    lines.insert(1, lines[1])


def _with_a_remark(lines: Lines) -> None:
    of(lines, "event")[0]["remark"] = "closed by the citizen"


TAMPERING = [
    _ended_early,
    _written_twice,
    _with_a_remark,
    _edited,
    _rehashed,
    _removed_from_the_middle,
    _cut_off,
    _without_a_subject,
    _reordered,
    _without_a_checkpoint,
    _without_any_checkpoint,
    _with_a_false_count,
    _forged,
]


@pytest.mark.parametrize("tamper", TAMPERING)
async def test_no_tampering_passes(signed: AsyncSession, tmp_path: Path, tamper: Callable[[Lines], None]) -> None:
    lines = await whole(signed)
    tamper(lines)
    done = check(tmp_path, lines)
    assert done.returncode == 1
    assert done.stderr.startswith("DOES NOT HOLD: ")
    assert done.stdout == ""


# What Python reads as what was hashed, and another reader, or a person, as something else; and what nobody can read.
SPELLINGS = [
    ('"kind": "noted"', '"kind": "closed", "kind": "noted"'),
    ('"by": 0.1', '"by": 0.2, "by": 0.1'),
    ('"by": 0.1', '"by": 0.10000000000000000001'),
    ('"by": 0.1', '"by": NaN'),
    ('"by": 0.1', '"by": 1e400'),
    ('"by": 0.1', '"by": ' + "9" * 5000),
    ('"number": 1,', '"number": 1.0,'),
    ("路灯", "\\u8def灯"),
    ("路灯", "\\ud800"),
    ('"type": "event"', '"type": "remark"'),
    ('"type": "event"', '"type":  "event"'),
    ('"type": "event"', '"type": event'),
    ('"signature": "', '"signature": "00'),
]


@pytest.mark.parametrize(("exported", "altered"), SPELLINGS)
async def test_no_other_spelling_passes(signed: AsyncSession, tmp_path: Path, exported: str, altered: str) -> None:
    check(tmp_path, await whole(signed))
    file = tmp_path / "export.jsonl"
    written = file.read_text(encoding="utf-8")
    assert exported in written
    file.write_text(written.replace(exported, altered, 1), encoding="utf-8")
    done = check_file(file)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"DOES NOT HOLD: .*\b(line|event) \d+.*\n", done.stderr), done.stderr  # one sentence, and where


async def test_no_altered_byte_passes(signed: AsyncSession, tmp_path: Path) -> None:
    """A byte of each line but the first, which nobody signed, and the last, which is only chained and says so."""
    check(tmp_path, await whole(signed))
    file = tmp_path / "export.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    for at in range(1, len(lines)):
        place = (at * 37) % (len(lines[at]) - 1)
        altered = bytes([lines[at][place] ^ 1])
        file.write_bytes(
            b"".join([*lines[:at], lines[at][:place] + altered + lines[at][place + 1 :], *lines[at + 1 :]])
        )
        done = check_file(file)
        assert (done.returncode, done.stdout, done.stderr[:15]) == (1, "", "DOES NOT HOLD: "), (at, place)


async def test_an_empty_file_does_not_hold(signed: AsyncSession, tmp_path: Path) -> None:
    done = check(tmp_path, [])
    assert (done.returncode, done.stdout, done.stderr[:15]) == (1, "", "DOES NOT HOLD: ")


@pytest.mark.parametrize("tamper", [_edited, _removed_from_the_middle, _forged])
async def test_no_tampering_with_one_subject_passes(
    signed: AsyncSession, tmp_path: Path, tamper: Callable[[Lines], None]
) -> None:
    lines = [line async for line in export.lines_of(signed, "ticket:a")]
    tamper(lines)
    assert check(tmp_path, lines).returncode == 1


async def test_a_subject_that_was_never_there_has_no_path(signed: AsyncSession, tmp_path: Path) -> None:
    lines = [line async for line in export.lines_of(signed, "ticket:a")]
    first = of(lines, "event")[0]
    first["path"] = list(reversed(first["path"]))  # type: ignore[call-overload]
    assert check(tmp_path, lines).returncode == 1


async def test_a_key_that_is_not_trusted_is_refused(signed: AsyncSession, tmp_path: Path) -> None:
    done = check(tmp_path, await whole(signed), "00" * 32)
    assert done.returncode == 1
    assert "not one you trust" in done.stderr


async def test_a_new_key_holds_by_the_former_ones_signature(signed: AsyncSession, tmp_path: Path) -> None:
    former = ours()
    keys.renew()
    await checkpoints.make(signed)
    lines = await whole(signed)
    assert check(tmp_path, lines, former).returncode == 0
    of(lines, "checkpoint")[-1]["endorsement"] = None
    assert check(tmp_path, lines, former).returncode == 1
    assert check(tmp_path, lines, ours()).returncode == 0  # the reader has the new key from the centre itself


async def test_without_a_checkpoint_there_is_nothing_an_outsider_can_check(session: AsyncSession) -> None:
    await write(session, "a")
    with pytest.raises(BadInput, match="ledger checkpoint"):
        await whole(session)

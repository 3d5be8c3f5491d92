"""`chat`: every line of a pipe is a turn of one conversation; with --json one reply a line and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

from core.settings import ROOT
from tests.processes import lend_vectors


def chat(data: Path, *arguments: str, said: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YITONG_")}
    return subprocess.run(
        [sys.executable, "-m", "admin", "--data", str(data), "chat", *arguments],
        input=said,
        capture_output=True,
        text=True,
        timeout=240,
        env=environment | {"PYTHONPATH": str(ROOT)},
        check=True,
    )


def test_a_matter_told_through_a_pipe_becomes_a_ticket(tmp_path: Path) -> None:
    lend_vectors(tmp_path)
    done = chat(tmp_path, "--json", said="南山路18号路灯坏了三天了，我姓王13800138000\n确认\n我的工单到哪了\n")
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply["type"] for reply in replies] == ["text", "choice", "ticket", "ticket"]
    assert replies[2]["number"] == replies[3]["number"] and replies[2]["due_at"]
    assert all("why" not in reply for reply in replies)

    read = chat(tmp_path, said="你好\n").stdout.splitlines()
    assert read[0] == "> 你好" and len(read) == 2

"""From a fresh clone to the first answer: `python3 benchmarks/first_answer.py` (needs a network, git and Python only).

What an earlier installation may have left on the machine is set aside: caches of pip, uv and npm begin empty.
Prints seconds: until the line says that it is ready, until the first question is answered from the knowledge base, and
the same for a second start.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "租房能取公积金吗"


def request(url: str, body: dict[str, str] | None = None, token: str = "") -> dict[str, object]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    asked = urllib.request.Request(url, json.dumps(body or {}).encode(), headers)
    with urllib.request.urlopen(asked, timeout=300) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def start(clone: Path, data: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Run `./yitong serve`; return seconds until ready, and until the question is answered."""
    began = time.monotonic()
    serving = subprocess.Popen(
        ["./yitong", "--data", str(data), "serve", "--port", "0"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert serving.stdout is not None
    address = ""
    for line in serving.stdout:
        if found := re.match(r"Yitong is ready: (\S+)", line):
            address = found[1]
            break
    if not address:
        sys.exit("It did not start.")
    ready = time.monotonic() - began
    opened = request(f"{address}/api/v1/conversations")
    path = f"{address}/api/v1/conversations/{opened['id']}/messages"
    answer = request(path, {"text": QUESTION}, str(opened["token"]))
    answered = time.monotonic() - began
    replies = answer["replies"]
    assert isinstance(replies, list) and replies[0]["type"] == "answer", answer
    serving.send_signal(signal.SIGINT)
    serving.wait(30)
    return ready, answered


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone, data, caches = (Path(folder) / name for name in ("a clone", "data", "caches"))
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YITONG_")} | {
            "XDG_CACHE_HOME": str(caches),
            "UV_CACHE_DIR": str(caches / "uv"),
            "PIP_CACHE_DIR": str(caches / "pip"),
            "npm_config_cache": str(caches / "npm"),
        }
        for name in ("first", "second"):
            ready, answered = start(clone, data, environment)
            print(f"{name} start: ready after {ready:.1f} s, first answer after {answered:.1f} s")


if __name__ == "__main__":
    main()

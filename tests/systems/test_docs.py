"""Every shell command of docs/systems.md is run as it stands there, against a line in a process of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.channels.web.test_web_attachments import png
from tests.processes import REQUEST, ROOT, Line
from tests.systems.reference_client import Receiver, receiving
from tests.systems.test_reference import line

__all__ = ["line"]

DOCS = (ROOT / "docs" / "systems.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", DOCS, re.M | re.S)
COMMAND_LINE = [each for each in BLOCKS if "./yitong" in each]
CALLS = "\n".join(each for each in BLOCKS if "./yitong" not in each)

pytestmark = pytest.mark.skipif(
    any(shutil.which(each) is None for each in ("bash", "curl", "jq")), reason="needs bash, curl and jq"
)


def run(script: str, folder: Path, **variables: str) -> str:
    """What the script prints; a curl that is refused, and any command that fails, ends it."""
    (folder / ".curlrc").write_text("fail-with-body\n")
    environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(folder), "LC_ALL": "C.UTF-8", **variables}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, timeout=240
    )
    assert done.returncode == 0, (script, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode()


def with_a_photo(line: Line) -> dict[str, Any]:
    """A request that a citizen makes on the web, with a photo, and an agent takes down."""
    with httpx.Client(base_url=line.url, timeout=30) as citizen, line.signed_in("agent") as agent:
        talk = citizen.post("/api/v1/conversations").json()
        citizen.headers["Authorization"] = f"Bearer {talk['token']}"
        path = f"/api/v1/conversations/{talk['id']}"
        photo = citizen.post(f"{path}/attachments", files={"file": ("lamp.png", png(), "image/png")}).json()["id"]
        said = citizen.post(f"{path}/messages", json={"text": "转人工", "media": [photo]})
        assert said.status_code == 200, said.text
        taken = agent.post(f"/api/v1/staff/conversations/{talk['id']}/take")
        assert taken.status_code == 204, taken.text
        return {"conversation": talk["id"]}


def test_the_guide_is_followed_from_the_account_to_the_end_of_its_secret(line: Line, tmp_path: Path) -> None:
    yitong = f"{sys.executable} -m admin --data '{line.data}'"
    settings = {"PYTHONPATH": str(ROOT), "YITONG_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    made = run(COMMAND_LINE[0].replace("./yitong", yitong), tmp_path, **settings)
    (id,), (secret,) = re.findall(r"sys_[0-9a-f]{16}", made), re.findall(r"yts_[\w-]{43}", made)

    request = REQUEST | with_a_photo(line)
    with line.signed_in("agent") as agent:
        opened = agent.post("/api/v1/staff/tickets", json=request)
        number = opened.json()["number"]
        path = f"/api/v1/staff/tickets/{number}"
        body = {"department": "urban_management", "reason": "路灯维护归城管"}
        assert agent.post(f"{path}/dispatch", json=body).status_code in {200, 409}
        line.until(lambda: agent.get(path).json()["state"] == "dispatched", "dispatched")

    # The page writes them one after the other; what it leaves to the reader is filled in as a reader would.
    calls = CALLS.replace("LINE=http://127.0.0.1:8000", f"LINE={line.url}")
    with receiving(Receiver(port=0)) as receiver:
        calls = calls.replace("$NEXT", "latest", 1).replace("https://lamps.example.gov.cn/12345/hook", receiver.url)
        printed = run(calls, tmp_path, CLIENT_ID=id, CLIENT_SECRET=secret, NUMBER=number)
    assert receiver.refused == 1  # the ping came; its secret was not known here yet
    assert "ticket.dispatched" in printed and 'etag: "2"' in printed.lower() and "whsec_" in printed
    assert (tmp_path / "1.jpg").read_bytes().startswith(b"\x89PNG")
    with line.signed_in("agent") as agent:
        assert agent.get(path).json()["state"] == "replied"

    # Renewed, retired, disabled: by the commands of the last section.
    change = COMMAND_LINE[1].replace("./yitong", yitong)
    change = change.replace("sys_3f9a41c07be21d55", id).replace("x7Qa", secret[-4:])
    (second,) = re.findall(r"yts_[\w-]{43}", run(change, tmp_path, **settings))
    assert second != secret
    for each in (secret, second):
        form = {"grant_type": "client_credentials"}
        assert httpx.post(f"{line.url}/api/v1/systems/token", data=form, auth=(id, each)).status_code == 401

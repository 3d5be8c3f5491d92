"""A line killed while somebody sends a file, a photo or a table: what is not whole is not there at all."""

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.channels.web.test_web_attachments import png
from tests.faults.watching import Watched

LINES = (
    "category,area,lead,co_handlers,basis,effective_from\n"
    "utilities.lighting.lamp_out,*,power_supply,,《城市照明管理规定》,2099-01-01\n"
    "environment.air.cooking_fume,*,urban_management,,《大气污染防治法》,2099-01-01\n"
)
PLANNED = "select count(*) from catalogue_versions where effective_from > '2098-01-01'"


def test_a_photo_whose_sending_a_kill_cut_off_leaves_nothing_and_is_sent_again(watched: Watched) -> None:
    url = urlsplit(watched.line.url)
    conversation = httpx.post(f"{watched.line.url}/api/v1/conversations", timeout=60).json()
    path = f"/api/v1/conversations/{conversation['id']}/attachments"
    headers = {"Authorization": f"Bearer {conversation['token']}"}
    asked = httpx.Request("POST", watched.line.url + path, files={"file": ("lamp.png", png())}, headers=headers)
    body = asked.read()
    with socket.create_connection((url.hostname, url.port or 80), timeout=60) as half:
        head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
        half.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body[: len(body) // 2])
        watched.line.kill()
    watched.revive()
    kept = watched.line.data / "attachments" / conversation["id"]
    assert not kept.exists()
    answer = httpx.post(watched.line.url + path, content=body, headers=dict(asked.headers), timeout=60)
    assert answer.status_code == 201, answer.text
    assert [each.name for each in kept.iterdir()] == [answer.json()["id"].partition(".")[2]]


def send(watched: Watched, seen: int) -> httpx.Response:
    data: dict[str, Any] = {"reason": "职责调整", "seen": seen}
    return watched.call("supervisor", "/catalogue/import", files={"file": ("c.csv", LINES.encode())}, data=data)


def test_a_catalogue_whose_import_a_kill_cut_off_is_imported_whole_or_not_at_all(watched: Watched) -> None:
    answer = watched.call("supervisor", "/catalogue/import", files={"file": ("c.csv", LINES.encode())})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["changes"], shown["saved"]) == (2, False), shown
    with watched.row_held("lock table events in share mode") as holding, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send, watched, shown["seen"])
        watched.until_waiting(holding, unless=sent)  # the first line is written, its event is not
        watched.line.kill()
        with pytest.raises(httpx.TransportError):
            sent.result()
    assert watched.ask(PLANNED) == [(0,)]
    watched.revive()
    assert send(watched, shown["seen"]).json()["saved"]
    again = send(watched, shown["seen"])  # as one who heard no answer
    assert again.status_code == 409, again.text
    assert again.json()["detail"].endswith("。")
    assert watched.ask(PLANNED) == [(2,)]
